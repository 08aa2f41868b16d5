import { type AthCall, type ConsentQuestion, readBody } from '@ath-protocol/server'
import { offeredLifetimes } from './lifetimes.ts'

/** What the form says, still in the person's terms. */
export type FormAnswer =
  | { readonly kind: 'deny' }
  | {
      readonly kind: 'approve'
      readonly scopes: readonly string[]
      readonly lifetimeSeconds: number
    }
  | {
      readonly kind: 'again'
      readonly problem: 'none_ticked' | 'unreadable'
      readonly ticked: readonly string[]
      readonly lifetimeSeconds: number | undefined
    }

/** The name of a scope's checkbox. Each has its own, since no field may be sent twice. */
export const scopeField = (name: string): string => `scope ${name}`

/** Reads the posted form. Only scopes and lifetimes that were offered count; no is no whatever else was sent. */
export function readFormAnswer(call: AthCall, question: ConsentQuestion): FormAnswer {
  const body = readBody(call, ['form'])
  const fields = body.ok ? body.value : {}
  if (fields['decision'] === 'deny') return { kind: 'deny' }
  const ticked = question.scopes
    .filter(({ name, offered }) => offered && fields[scopeField(name)] === 'on')
    .map(({ name }) => name)
  const lifetimeSeconds = offeredLifetimes(question.grantLifetimeSeconds).find(
    (seconds) => String(seconds) === fields['lifetime'],
  )
  if (fields['decision'] !== 'approve' || lifetimeSeconds === undefined)
    return { kind: 'again', problem: 'unreadable', ticked, lifetimeSeconds }
  if (ticked.length === 0) return { kind: 'again', problem: 'none_ticked', ticked, lifetimeSeconds }
  return { kind: 'approve', scopes: ticked, lifetimeSeconds }
}
