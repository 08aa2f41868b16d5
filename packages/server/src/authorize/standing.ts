import type { UserId } from '@ath-protocol/types'
import type { ConsentAnswer } from '../consent/decide-consent.ts'
import type { ConsentDecided } from '../ports/consents.ts'

/** The answer that is carried out. */
export interface Standing {
  readonly approved: boolean
  readonly userId: UserId
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
  /** The person came back from the provider and left less than they had said first. */
  readonly lessened: boolean
}
const namesOf = (scopes: ConsentDecided['scopes']) => scopes.map(({ name }) => name)

/** A later answer never adds to the first; while nothing came of that yet, it can take away. */
export function lessen(decision: ConsentDecided, answer: ConsentAnswer): Standing {
  const { approved, userId, lifetimeSeconds: longest } = decision
  const scopesFirst = namesOf(decision.scopes)
  const first = { approved, userId, scopes: scopesFirst, lifetimeSeconds: longest, lessened: false }
  const wanted = new Set(namesOf(answer.scopes))
  const scopes = first.scopes.filter((scope) => wanted.has(scope))
  const lifetimeSeconds = Math.min(first.lifetimeSeconds, answer.lifetimeSeconds)
  const same = scopes.length === first.scopes.length && lifetimeSeconds === first.lifetimeSeconds
  if (!first.approved || (answer.approved && same)) return first
  return { ...first, approved: scopes.length > 0, scopes, lifetimeSeconds, lessened: true }
}
