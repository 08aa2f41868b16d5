import {
  type AuthorizationPending,
  authorizationPendingSchema,
  readWire,
  type ScopeResult,
  scopeResultSchema,
} from '@ath-protocol/types'
import type { ReadValue } from '../answer.ts'
import type { Heard } from './link.ts'

/** What comes back to step 5 and to each question after it. */
export type ScopeAnswer = AuthorizationPending | ScopeResult

export const readScopeAnswer: ReadValue<ScopeAnswer> = (value) =>
  (value as { readonly type?: unknown } | null | undefined)?.type === 'authorization_pending'
    ? readWire(authorizationPendingSchema, value)
    : readWire(scopeResultSchema, value)

export const isResult = (heard: Heard<ScopeAnswer>): heard is Heard<ScopeResult> =>
  heard.message.type === 'scope_result'
