import { AthError } from '../ath-error.ts'
import { attempt } from './attempt.ts'
import type { Waiting } from './await-answer.ts'
import { readHandshakeKey } from './handshake-key.ts'
import type { HandshakeOptions, HandshakeSettings } from './handshake-options.ts'
import { createHandshakeSession, type HandshakeSession } from './handshake-session.ts'
import type { Link } from './link.ts'
import { connectTo, jwksPath, reachServer } from './reach-server.ts'
import type { StoredHandshake } from './stored-handshake.ts'
import { createTokenKeys } from './token-key.ts'

/** In all, each with fresh nonces and keys (D10, D19). */
const mostTries = 3

/**
 * The nine-step handshake: both sides prove who they are, the user confirms by a way that is not the agent's, and both
 * agree on keys. Everything the server says is checked; what does not hold is `ANSWER_REFUSED` and no reason to try
 * again. A refused proof is tried three times in all, but only until a person has been asked: nobody is asked twice for
 * one wish. A no is `USER_DENIED`.
 */
export async function handshake(options: HandshakeOptions): Promise<HandshakeSession> {
  const key = await readHandshakeKey(options.key)
  const server = await reachServer(options)
  await options.onProgress?.({
    step: 'discovered',
    endpoint: server.link.endpoint,
    serverDid: server.discovery.server_did,
  })
  for (let tries = 1; ; tries++) {
    let asked = false
    const told = {
      ...options,
      onPending: (pending: Parameters<NonNullable<Waiting['onPending']>>[0]) => {
        asked = true
        return options.onPending?.(pending)
      },
    }
    try {
      return await attempt(server, key, told)
    } catch (error) {
      if (!(error instanceof AthError) || !isWorthAnother(error)) throw error
      if (asked || tries >= mostTries) throw error
      await options.onProgress?.({ step: 'again', error })
    }
  }
}

/** Takes up a session that was kept; the key must be the one of its handshake. */
export async function resumeHandshake(
  stored: StoredHandshake,
  settings: HandshakeSettings,
): Promise<HandshakeSession> {
  const { gateway, endpoint, jwks = gateway + jwksPath } = stored
  const link: Link = { ...connectTo(settings), base: gateway, endpoint, jwks }
  const findTokenKey = createTokenKeys(link)
  const key = await readHandshakeKey(settings.key)
  return createHandshakeSession(link, key, stored, { ...settings, findTokenKey })
}

/** Our proof did not hold (D10). A credential that does not hold will not hold the next time. */
const isWorthAnother = ({ status, code }: AthError) =>
  status === 401 && code !== 'INVALID_CREDENTIAL'
