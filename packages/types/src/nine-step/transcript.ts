import { domainSeparated, joinBytes, sha256, bytesOf } from './domain.ts'

/** `typ` of every detached signature of the handshake. */
export const handshakeTyp = 'ath-hs+jws'

/**
 * The canonical JSON of the messages so far, as sent and received. `m2` and later include their signatures; what a
 * signature covers leaves out that signature itself.
 */
export interface Transcript {
  readonly m1: string
  readonly m2: string
  readonly m3: string
  readonly m4: string
  readonly m5: string
  readonly m8: string
}

/** What the server signs in step 2: both nonces, identities, versions and capabilities (U1). `m2` without `signature`. */
export const serverAuthPayload = (m1: string, m2: string) =>
  domainSeparated('ATH/0.1 handshake server auth', m1, m2)

/** What the client signs in step 3. `m3` without `signature`. */
export const clientAuthPayload = (m1: string, m2: string, m3: string) =>
  domainSeparated('ATH/0.1 handshake client auth', m1, m2, m3)

/**
 * What the client signs as `user_authorization.signature` in step 5 (U6): that it is the one to whom the user gave the
 * credential, here, for this. `m5` without `user_authorization`, so that scopes, time and words cannot be changed.
 */
export const presentationPayload = (m1: string, m2: string, credential: string, m5: string) =>
  domainSeparated('ATH/0.1 user credential presentation', m1, m2, credential, m5)

/** What the user signs in a credential written as JSON (step 0); `json` without `signature`. */
export const jsonCredentialPayload = (json: string) =>
  domainSeparated('ATH/0.1 user credential', json)

/** What the user signs in step 7: the question and their answer. `m7` without `signature`. Its hash is a passkey's challenge (U7). */
export const userDecisionPayload = (m6: string, m7: string) =>
  domainSeparated('ATH/0.1 user decision', m6, m7)

/** Steps 1 to 8 as one text, to sign and hash over. */
const upToStep8 = ({ m1, m2, m3, m4, m5, m8 }: Transcript) => [m1, m2, m3, m4, m5, m8]

/** What each side signs in step 9 (U8). `message` is its own without `signature` and `access_token`; the server's covers the client's too. */
export const finishPayload = (
  role: 'client' | 'server',
  transcript: Transcript,
  ...messages: readonly string[]
) => domainSeparated(`ATH/0.1 handshake finish ${role}`, ...upToStep8(transcript), ...messages)

/** Salt of the key derivation: SHA-256 over SHA-256 of each message, so that no two transcripts join to one text (U8). */
export async function transcriptHash(
  transcript: Transcript,
  m9Client: string,
  m9Server: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const messages = [...upToStep8(transcript), m9Client, m9Server]
  return sha256(joinBytes(await Promise.all(messages.map((message) => sha256(bytesOf(message))))))
}

/**
 * What the client signs to refresh a token or to end its session. `message` without `signature`. The server's DID, so
 * that a server which learns the name of a session elsewhere cannot have it refreshed there.
 */
export const sessionRequestPayload = (serverDid: string, message: string) =>
  domainSeparated('ATH/0.1 session request', serverDid, message)
