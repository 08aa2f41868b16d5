import type { ProviderId } from '@ath-protocol/types'
import type { LiveToken } from './live-token.ts'

export interface NamedToken {
  readonly token: LiveToken
  /** The one header value under which it is also found; other spellings take the longer way. */
  header: string | undefined
}

/** Tokens by the `Authorization` value they came in. A session's token is another one at each of its providers. */
export function createTokenHeaders<Entry extends NamedToken>() {
  const opaque = new Map<string, Entry>()
  const ofSessions = new Map<string, Map<ProviderId, Entry>>()
  return {
    find: (header: string, providerId: ProviderId): Entry | undefined =>
      opaque.get(header) ?? ofSessions.get(header)?.get(providerId),
    remember(entry: Entry, header: string): void {
      if (entry.header !== undefined) return
      entry.header = header
      if (!entry.token.session) {
        opaque.set(header, entry)
        return
      }
      const seen = ofSessions.get(header) ?? new Map<ProviderId, Entry>()
      ofSessions.set(header, seen.set(entry.token.providerId, entry))
    },
    forget({ header, token }: Entry): void {
      if (header === undefined) return
      if (!token.session) {
        opaque.delete(header)
        return
      }
      const seen = ofSessions.get(header)
      if (seen?.delete(token.providerId) && seen.size === 0) ofSessions.delete(header)
    },
  }
}
