import type { Restrictions } from '@ath-protocol/types'
import { html, type Html } from '../pages/html.ts'
import { type Language, say } from '../pages/messages/say.ts'

/** What limits a permission beside its scopes, each limit as one sentence (U13). */
export function sayLimits(
  language: Language,
  restrictions: readonly Restrictions[],
): readonly Html[] {
  const said = restrictions.flatMap((one) => [...sayRestrictions(language, one)])
  // Two services may have the same limit; a person reads it once.
  return [...new Map(said.map((sentence) => [sentence.source, sentence])).values()]
}

function* sayRestrictions(language: Language, one: Restrictions): Iterable<Html> {
  const hours = one.access_time?.split('-')
  if (hours)
    yield say(language, 'consent.limit_hours', {
      from: hours[0] ?? '',
      to: hours[1] ?? '',
      zone: one.access_timezone ?? 'UTC',
    })
  if (one.ip_whitelist)
    yield say(language, 'consent.limit_network', {
      networks: html`<code>${new Intl.ListFormat(language, { type: 'disjunction' }).format(one.ip_whitelist)}</code>`,
    })
  const [count, unit] = one.rate_limit?.split('/') ?? []
  if (isUnit(unit))
    yield say(language, `consent.limit_${unit}`, { count: sayNumber(language, Number(count)) })
  if (one.order_amount_limit !== undefined)
    yield say(language, 'consent.limit_amount', {
      amount: sayNumber(language, one.order_amount_limit),
    })
}

const sayNumber = (language: Language, value: number): string =>
  new Intl.NumberFormat(language).format(value)

const rateUnits = ['second', 'minute', 'hour', 'day'] as const
const isUnit = (unit: string | undefined): unit is (typeof rateUnits)[number] =>
  rateUnits.some((known) => known === unit)
