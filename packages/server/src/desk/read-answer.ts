import { type ConsentQuestion } from '../ports/consent-desk.ts'
import { readBody } from '../wire/body.ts'
import { type AthCall } from '../wire/http.ts'
import { type ProviderScope, qualifiedScope } from '@ath-protocol/types'
import { offeredLifetimes } from './lifetimes.ts'

/** What the form says, still in the person's terms. */
export type FormAnswer =
  | { readonly kind: 'deny' }
  | {
      readonly kind: 'approve'
      readonly scopes: readonly ProviderScope[]
      readonly lifetimeSeconds: number
      /** Sent by the page that asks for a passkey. */
      readonly passkey: SentPasskey | undefined
    }
  | {
      readonly kind: 'again'
      readonly problem: 'none_ticked' | 'unreadable'
      readonly ticked: readonly ProviderScope[]
      readonly lifetimeSeconds: number | undefined
    }

export interface SentPasskey {
  readonly assertion: string
  /** Whole Unix seconds, as the page carried it. */
  readonly timestamp: number
}

/** The name of a scope's checkbox. Each has its own, since no field may be sent twice. */
export function scopeField(
  question: Pick<ConsentQuestion, 'providers'>,
  scope: ProviderScope,
): string {
  return `scope ${question.providers.length === 1 ? scope.name : qualifiedScope(scope)}`
}

/** Everything that can be ticked. */
export function offeredScopes({
  providers,
}: Pick<ConsentQuestion, 'providers'>): readonly ProviderScope[] {
  return providers.flatMap(({ id, scopes }) =>
    scopes.filter(({ offered }) => offered).map(({ name }) => ({ providerId: id, name })),
  )
}

/** Reads the posted form. Only scopes and lifetimes that were offered count; no is no whatever else was sent. */
export function readFormAnswer(call: AthCall, question: ConsentQuestion): FormAnswer {
  const body = readBody(call, ['form'])
  const fields = body.ok ? body.value : {}
  if (fields['decision'] === 'deny') return { kind: 'deny' }
  const ticked = offeredScopes(question).filter(
    (scope) => fields[scopeField(question, scope)] === 'on',
  )
  const lifetimeSeconds = offeredLifetimes(question.consent.longestSeconds).find(
    (seconds) => String(seconds) === fields['lifetime'],
  )
  if (fields['decision'] !== 'approve' || lifetimeSeconds === undefined)
    return { kind: 'again', problem: 'unreadable', ticked, lifetimeSeconds }
  if (ticked.length === 0) return { kind: 'again', problem: 'none_ticked', ticked, lifetimeSeconds }
  return { kind: 'approve', scopes: ticked, lifetimeSeconds, passkey: sentPasskey(fields) }
}

function sentPasskey(fields: Readonly<Record<string, unknown>>): SentPasskey | undefined {
  const { passkey, timestamp } = fields
  if (typeof passkey !== 'string' || typeof timestamp !== 'string') return undefined
  return /^[0-9]{1,11}$/.test(timestamp)
    ? { assertion: passkey, timestamp: Number(timestamp) }
    : undefined
}
