import type { Restrictions } from '@ath-protocol/types'
import { html, type Html } from '../pages/html.ts'
import { type Language, sayText } from '../pages/messages/say.ts'

/** What limits a permission beside its scopes, each limit as one sentence (U13). */
export function limitTexts(
  language: Language,
  restrictions: readonly Restrictions[],
): readonly string[] {
  // Two services may have the same limit; a person reads it once.
  return [...new Set(restrictions.flatMap((one) => [...sayRestrictions(language, one)]))]
}

/** The same for a page. */
export const sayLimits = (
  language: Language,
  restrictions: readonly Restrictions[],
): readonly Html[] => limitTexts(language, restrictions).map((text) => html`${text}`)

function* sayRestrictions(language: Language, one: Restrictions): Iterable<string> {
  const hours = one.access_time?.split('-')
  if (hours)
    yield sayText(language, 'consent.limit_hours', {
      from: hours[0] ?? '',
      to: hours[1] ?? '',
      zone: one.access_timezone ?? 'UTC',
    })
  if (one.ip_whitelist)
    yield sayText(language, 'consent.limit_network', {
      networks: new Intl.ListFormat(language, { type: 'disjunction' }).format(one.ip_whitelist),
    })
  const [count, unit] = one.rate_limit?.split('/') ?? []
  if (isUnit(unit))
    yield sayText(language, `consent.limit_${unit}`, { count: sayNumber(language, Number(count)) })
  if (one.order_amount_limit !== undefined)
    yield sayText(language, 'consent.limit_amount', {
      amount: sayNumber(language, one.order_amount_limit),
    })
}

const sayNumber = (language: Language, value: number): string =>
  new Intl.NumberFormat(language).format(value)

const rateUnits = ['second', 'minute', 'hour', 'day'] as const
const isUnit = (unit: string | undefined): unit is (typeof rateUnits)[number] =>
  rateUnits.some((known) => known === unit)
