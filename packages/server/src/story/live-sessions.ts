import type { SessionStore } from '../ports/nine-step.ts'
import type { SessionId } from '@ath-protocol/types'
import { type EncryptedChannel, openChannel } from './encrypted-channel.ts'

/** A session of a nine-step handshake as long as tokens of it are in memory: one object for all of them. */
export interface LiveSession {
  readonly id: SessionId
  readonly clientDid: string
  /** Present when encryption was agreed: then nothing else is taken (U10). */
  readonly channel: EncryptedChannel | undefined
  /** How many live tokens point here. */
  tokens: number
}

export interface LiveSessions {
  /** Undefined when there is none, or it has ended. */
  find(id: SessionId): Promise<LiveSession | undefined>
  /** One token less points to it; the last one lets it go. */
  release(session: LiveSession | undefined): void
}

/** `store` is absent where no session is ever opened. */
export function createLiveSessions(
  store: Pick<SessionStore, 'find' | 'reserveSequence'> | undefined,
): LiveSessions {
  const known = new Map<SessionId, Promise<LiveSession | undefined>>()

  async function read(id: SessionId): Promise<LiveSession | undefined> {
    const session = await store?.find(id)
    if (!store || !session || session.revokedAt !== undefined) return undefined
    const { keys, clientDid } = session
    const reserve: SessionStore['reserveSequence'] = (...args) => store.reserveSequence(...args)
    const channel = keys && (await openChannel(session, keys, reserve))
    return { id, clientDid, channel, tokens: 0 }
  }

  return {
    find(id) {
      const before = known.get(id)
      if (before) return before
      const reading = read(id)
      known.set(id, reading)
      const forget = () => known.get(id) === reading && known.delete(id)
      void reading.then((session) => session ?? forget(), forget)
      return reading
    },
    release(session) {
      if (session && --session.tokens === 0) known.delete(session.id)
    },
  }
}
