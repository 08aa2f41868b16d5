import type { AuditSink } from '../ports/audit.ts'
import type { UserKey, UserKeyStore } from '../ports/nine-step.ts'
import {
  type Clock,
  importKeyText,
  type PublicKey,
  shownLine,
  type UserId,
} from '@ath-protocol/types'
import type { MessageKey } from '../pages/messages/en.ts'

export interface MyKeysPorts {
  readonly userKeys: UserKeyStore
  readonly clock: Clock
  readonly audit: AuditSink
  /** Ends what a removed key has opened. */
  readonly endSessions: (userId: UserId, thumbprint: string) => Promise<void>
}

/** More than anybody has computers; each is one more way to act in a person's name. */
const mostKeys = 20
/** PEM or JWK, in characters. */
export const longestKey = 2048
export const longestLabel = 60
const labelSchema = shownLine(longestLabel)

/** Why a key was not added, as the sentence that says so. */
export type KeyProblem = Extract<MessageKey, `keys.problem_${string}`>

/** A public key as PEM or JWK text. */
export async function readKey(text: string): Promise<PublicKey | KeyProblem> {
  if (/PRIVATE KEY|"d"\s*:/.test(text)) return 'keys.problem_private'
  const key = text.length > longestKey ? undefined : await importKeyText(text)
  return key?.ok ? key.value : 'keys.problem_unreadable'
}

/** The person's own name for a key: one line. */
export function readLabel(text: string | undefined): string | undefined {
  const label = labelSchema.safeParse(text?.trim())
  return label.success ? label.data : undefined
}

export async function addKey(
  { userKeys, clock, audit }: MyKeysPorts,
  userId: UserId,
  { thumbprint, jwk }: PublicKey,
  label: string,
): Promise<KeyProblem | undefined> {
  if ((await userKeys.list(userId)).length >= mostKeys) return 'keys.problem_full'
  const key: UserKey = { thumbprint, userId, jwk, label, createdAt: clock.now() }
  if (!(await userKeys.insert(key))) return 'keys.problem_known'
  audit.record({
    event: 'user_key_added',
    outcome: 'allowed',
    user_id: userId,
    decided_by: 'user',
    evidence: { kind: 'key', thumbprint },
  })
  await audit.settled()
  return undefined
}

export async function removeKey(
  { userKeys, audit, endSessions }: MyKeysPorts,
  userId: UserId,
  thumbprint: string,
): Promise<boolean> {
  if (!(await userKeys.remove(userId, thumbprint))) return false
  audit.record({
    event: 'user_key_removed',
    outcome: 'allowed',
    user_id: userId,
    decided_by: 'user',
    evidence: { kind: 'key', thumbprint },
  })
  await audit.settled()
  await endSessions(userId, thumbprint)
  return true
}
