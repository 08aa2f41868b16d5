import { fail, ok, type Result } from '@ath-protocol/types'
import type { LoginSession, Person } from '../ports/logins.ts'
import type { Passkey } from '../ports/passkeys.ts'
import { personName } from '../login/person-name.ts'
import { readAttestation, readClientData } from './browser-answer.ts'
import type { Challenges } from './challenges.ts'
import { type PasskeyPorts, timeoutMilliseconds } from './relying-party.ts'

/** More than anybody needs; each is one more way in. */
export const mostPasskeys = 10

/** ES256 and EdDSA, by their COSE numbers (RFC 9053 §2). */
const algorithms = [-7, -8]

export type EnrolFault = 'malformed' | 'full' | 'known' | 'challenge_unknown' | 'attestation_wrong'

/** Adds passkeys, each over a challenge that this login session got and that works once. */
export interface Enrolment {
  /** JSON text for the `data-passkey-create` of a form. */
  creationOptions(person: Person, session: LoginSession): Promise<string>
  add(
    person: Person,
    session: LoginSession,
    label: string,
    answer: string,
  ): Promise<Result<Passkey, EnrolFault>>
}

export function createEnrolment(
  ports: PasskeyPorts & { readonly challenges: Challenges },
): Enrolment {
  const { store, party, challenges } = ports
  return {
    async creationOptions(person, session) {
      const own = await store.list(person.id)
      return JSON.stringify({
        challenge: challenges.issue(session.hash),
        rp: { id: party.id, name: party.name },
        user: {
          // A random id, no name: authenticators show and keep it (WebAuthn §14.6.1).
          id: Buffer.from(person.id).toString('base64url'),
          name: person.email ?? personName(person),
          displayName: personName(person),
        },
        pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
        timeout: timeoutMilliseconds,
        attestation: 'none',
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        excludeCredentials: own.map(({ credentialId: id, transports }) => ({
          type: 'public-key',
          id,
          transports,
        })),
      })
    },
    async add(person, session, label, answer) {
      const made = await readNew(ports, session, answer)
      const added = made.ok
        ? await insert(ports, {
            ...made.value,
            userId: person.id,
            label,
            createdAt: ports.clock.now(),
          })
        : made
      if (!added.ok) {
        ports.audit.record({
          event: 'request_refused',
          reached: 'prove',
          outcome: 'denied',
          denial_reason: `passkey_${added.error}`,
          user_id: person.id,
        })
        await ports.audit.settled()
        return added
      }
      ports.audit.record({
        event: 'user_key_added',
        outcome: 'allowed',
        user_id: person.id,
        decided_by: 'user',
        evidence: { kind: 'passkey', passkey: added.value.credentialId.slice(0, 64) },
      })
      await ports.audit.settled()
      return added
    },
  }
}

async function insert(
  { store }: PasskeyPorts,
  passkey: Passkey,
): Promise<Result<Passkey, EnrolFault>> {
  if ((await store.list(passkey.userId)).length >= mostPasskeys) return fail('full')
  return (await store.insert(passkey)) ? ok(passkey) : fail('known')
}

async function readNew(
  { party, challenges }: PasskeyPorts & { readonly challenges: Challenges },
  session: LoginSession,
  answer: string,
): Promise<Result<Omit<Passkey, 'userId' | 'label' | 'createdAt'>, EnrolFault>> {
  const read = readAttestation(answer)
  if (!read.ok) return read
  const clientData = readClientData(read.value.response.clientDataJSON)
  if (!clientData.ok) return clientData
  const { challenge } = clientData.value
  // Spent before anything is checked: of two answers one is looked at.
  if (!challenges.take(challenge, session.hash)) return fail('challenge_unknown')
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const { response, ...rest } = read.value
  const { transports, ...signed } = response
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...rest, response: signed },
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    })
    if (!verified || registrationInfo.credential.id !== rest.id) return fail('attestation_wrong')
    const { credential, credentialBackedUp } = registrationInfo
    return ok({
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports,
      backedUp: credentialBackedUp,
    })
  } catch {
    return fail('attestation_wrong')
  }
}
