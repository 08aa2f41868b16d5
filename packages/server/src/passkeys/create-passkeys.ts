import { fail, ok, type Result, type UserId } from '@ath-protocol/types'
import type { Passkey } from '../ports/passkeys.ts'
import { readAssertion, readClientData } from './browser-answer.ts'
import type { PasskeyFault, Passkeys } from './passkeys.ts'
import { type PasskeyPorts, timeoutMilliseconds } from './relying-party.ts'

type Assertion = Extract<ReturnType<typeof readAssertion>, { ok: true }>['value']

/** Whoever asks for a passkey records its refusal, with what it was for. */
export function createPasskeys(ports: Omit<PasskeyPorts, 'audit'>): Passkeys {
  const { store, party } = ports
  return {
    has: async (userId) => (await store.list(userId)).length > 0,
    async requestOptions(userId, challenge) {
      const own = await store.list(userId)
      return JSON.stringify({
        challenge: Buffer.from(challenge).toString('base64url'),
        rpId: party.id,
        timeout: timeoutMilliseconds,
        userVerification: 'required',
        allowCredentials: own.map(({ credentialId: id, transports }) => ({
          type: 'public-key',
          id,
          transports,
        })),
      })
    },
    async verify(userId, challenge, assertion) {
      const read = readAssertion(assertion)
      return read.ok ? check(ports, userId, challenge, read.value) : read
    },
  }
}

async function check(
  ports: Omit<PasskeyPorts, 'audit'>,
  userId: UserId,
  challenge: Uint8Array,
  assertion: Assertion,
): Promise<Result<{ readonly credentialId: string }, PasskeyFault>> {
  const passkey = await ports.store.find(assertion.id)
  if (!passkey) return fail('credential_unknown')
  const handle = assertion.response.userHandle
  const isOwn =
    passkey.userId === userId &&
    (handle === undefined || Buffer.from(handle, 'base64url').toString('utf8') === userId)
  if (!isOwn) return fail('credential_of_other_user')
  const proven = await verifySignature(ports, passkey, challenge, assertion)
  if (!proven.ok) return proven
  const { counter, backedUp } = proven.value
  const counts = counter > 0 || passkey.counter > 0
  const use = { counter, backedUp, at: ports.clock.now() }
  const isNext =
    (!counts || counter > passkey.counter) &&
    (await ports.store.bump(passkey.credentialId, passkey.counter, use))
  return isNext ? ok({ credentialId: passkey.credentialId }) : fail('counter_regressed')
}

async function verifySignature(
  { party }: Pick<PasskeyPorts, 'party'>,
  passkey: Passkey,
  challenge: Uint8Array,
  assertion: Assertion,
): Promise<Result<{ readonly counter: number; readonly backedUp: boolean }, PasskeyFault>> {
  if (!readClientData(assertion.response.clientDataJSON).ok) return fail('malformed')
  // Loaded at its first use: it is large, and most gateways start without needing it.
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const { response, ...rest } = assertion
  const { userHandle, ...signed } = response
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...rest, response: signed },
      expectedChallenge: Buffer.from(challenge).toString('base64url'),
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: false,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        // The counter is compared after the signature: before it, anybody could raise the alarm.
        counter: 0,
      },
    })
    if (!verified) return fail('assertion_wrong')
    const { newCounter, userVerified, credentialBackedUp } = authenticationInfo
    if (!userVerified) return fail('user_not_verified')
    return ok({ counter: newCounter, backedUp: credentialBackedUp })
  } catch {
    return fail('assertion_wrong')
  }
}
