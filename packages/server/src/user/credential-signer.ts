import {
  fail,
  type HandshakeFault,
  ok,
  parseDid,
  type PublicKey,
  type Result,
  type UserCredential,
  type UserId,
} from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import type { NineStepPorts, PreAuthorization } from '../ports/nine-step.ts'
import { findRegisteredKey, type RegisteredKey, registeredKeyOf } from './registered-key.ts'

/** Who gave a credential, and the key that its signature must be by. */
export interface CredentialSigner {
  readonly userId: UserId
  readonly madeBy: PreAuthorization['madeBy']
  readonly key: PublicKey
}

/** How credentials name a person who has no DID of their own: by their user id here. */
export const didOfUser = (userId: UserId): string => `did:ath:${userId}`

/**
 * Finds the key of a credential by whom it says it is from: this server, for a person who was signed in; or a person with
 * a key that is registered now. A key that its owner has removed since vouches for nothing any more.
 */
export async function credentialSigner(
  ports: Pick<AthPorts, 'users'>,
  nineStep: NineStepPorts,
  credential: UserCredential,
): Promise<Result<CredentialSigner, HandshakeFault>> {
  if (credential.issuer === nineStep.serverDid) return ownCredential(ports, nineStep, credential)
  const found = await ownersKey(nineStep, credential)
  if (!found) return unknownKey(credential.issuer)
  const { userId } = found.registered
  // U6: the one who signs is the one who allows.
  const { issuer, userDid } = credential
  if (userDid !== issuer && userDid !== didOfUser(userId)) return unknownKey(userDid)
  return ok({ userId, madeBy: 'user', key: found.key })
}

async function ownCredential(
  { users }: Pick<AthPorts, 'users'>,
  { handshakeKey }: NineStepPorts,
  { userDid }: UserCredential,
): Promise<Result<CredentialSigner, HandshakeFault>> {
  const userId = userIdOf(userDid)
  const isKnown = userId !== undefined && (await users.has(userId))
  return isKnown
    ? ok({ userId, madeBy: 'gateway', key: handshakeKey.publicKey })
    : unknownKey(userDid)
}

/** By the key's own DID, or by the user's id with `kid` for which of their keys. */
async function ownersKey(
  { userKeys }: NineStepPorts,
  { issuer, kid }: UserCredential,
): Promise<RegisteredKey | undefined> {
  const userId = userIdOf(issuer)
  if (userId === undefined) return registeredKeyOf(userKeys, issuer)
  if (kid === undefined) return undefined
  const found = kid.startsWith('did:')
    ? await registeredKeyOf(userKeys, kid)
    : await findRegisteredKey(userKeys, kid)
  return found?.registered.userId === userId ? found : undefined
}

function userIdOf(did: string): UserId | undefined {
  const parsed = parseDid(did)
  if (!parsed.ok || parsed.value.method !== 'ath_label') return undefined
  return parsed.value.label.startsWith('usr_') ? parsed.value.label : undefined
}

const unknownKey = (evidence: string): { readonly ok: false; readonly error: HandshakeFault } =>
  fail({ kind: 'credential_key_unknown', evidence })
