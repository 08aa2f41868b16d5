import {
  canonicalWithout,
  checkAccessToken,
  handshakeTyp,
  ok,
  readWire,
  refreshedTokenSchema,
  sessionRequestPayload,
  signDetached,
} from '@ath-protocol/types'
import type { ReadValue } from '../answer.ts'
import type { HandshakeKey } from './handshake-key.ts'
import { believe, distrust, freshNonce, type Link, say, timestamp } from './link.ts'
import type { StoredHandshake } from './stored-handshake.ts'
import type { FindTokenKey } from './token-key.ts'

/** `token_refresh` (U9): the next token of this session, for whoever holds its key. Never more than was granted. */
export async function refreshToken(
  link: Link,
  key: HandshakeKey,
  stored: StoredHandshake,
  findTokenKey: FindTokenKey,
): Promise<StoredHandshake> {
  const message = await sayInSession(link, key, stored, 'token_refresh', (value) =>
    readWire(refreshedTokenSchema, value),
  )
  if (message.session_id !== stored.sessionId) distrust('token_session_differs')
  const { access_token: accessToken, expires_in: expiresIn } = message
  const now = link.clock.now()
  const claims = await checkAccessToken(accessToken, {
    issuer: stored.issuer,
    tokenKey: await findTokenKey(accessToken),
    sessionId: stored.sessionId,
    thumbprint: key.publicKey.thumbprint,
    scopes: stored.scopesGranted,
    expiresIn,
    now,
  })
  const scopes = believe(claims).scope.split(' ')
  return { ...stored, accessToken, scopes, expiresAt: Math.floor(now) + expiresIn }
}

/** `session_end`: nothing of the session is worth anything afterwards. */
export async function endSession(
  link: Link,
  key: HandshakeKey,
  stored: StoredHandshake,
): Promise<void> {
  await sayInSession(link, key, stored, 'session_end', () => ok(undefined))
}

async function sayInSession<T>(
  link: Link,
  key: HandshakeKey,
  { sessionId, serverDid }: StoredHandshake,
  type: 'token_refresh' | 'session_end',
  read: ReadValue<T>,
): Promise<T> {
  const unsigned = {
    type,
    session_id: sessionId,
    nonce: freshNonce(),
    timestamp: timestamp(link),
  }
  const payload = await sessionRequestPayload(serverDid, canonicalWithout(unsigned))
  const signature = await signDetached(key.signer, handshakeTyp, payload)
  return (await say(link, { ...unsigned, signature }, read)).message
}
