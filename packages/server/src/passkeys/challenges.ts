import type { Clock, Random } from '@ath-protocol/types'

const lifetimeSeconds = 600
/** Room for every browser that adds a passkey at once; the oldest gives way, and its person presses the button again. */
const most = 10_000

/** Challenges of 256 random bits, each for one browser's login session and one answer. A restart forgets them. */
export interface Challenges {
  /** Base64url. */
  issue(sessionHash: string): string
  /** Whether this session got it, lately, and nobody has answered it. It is spent, whoever asks. */
  take(challenge: string, sessionHash: string): boolean
}

export function createChallenges(ports: {
  readonly clock: Clock
  readonly random: Random
}): Challenges {
  const open = new Map<string, { readonly sessionHash: string; readonly expiresAt: number }>()
  return {
    issue(sessionHash) {
      const oldest = open.size >= most ? open.keys().next().value : undefined
      if (oldest !== undefined) open.delete(oldest)
      const challenge = ports.random.token(32)
      open.set(challenge, { sessionHash, expiresAt: ports.clock.now() + lifetimeSeconds })
      return challenge
    },
    take(challenge, sessionHash) {
      const issued = open.get(challenge)
      open.delete(challenge)
      return (
        issued !== undefined &&
        issued.sessionHash === sessionHash &&
        ports.clock.now() < issued.expiresAt
      )
    },
  }
}
