import type { Clock, Random } from '@ath-protocol/types'
import { createExpiringMap } from './expiring-map.ts'
import type { DevPerson } from './settings.ts'

/** One yes of one person to one client. Ending it ends every code and token that came of it. */
export interface Grant {
  readonly clientId: string
  readonly person: DevPerson
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly nonce: string | undefined
  /** Unix seconds. */
  readonly authTime: number
  ended: boolean
}

export interface IssuedCode {
  readonly grant: Grant
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly expiresAt: number
  used: boolean
}

export interface IssuedToken {
  readonly kind: 'access' | 'refresh'
  readonly grant: Grant
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
  /** A refresh token that was exchanged already, or an access token that was revoked. */
  used: boolean
}

const mostRecords = 10_000
const codeSeconds = 60
/** How long a used code or refresh token is remembered, so that its second use is noticed. */
const refreshSeconds = 30 * 86_400

export interface Grants {
  issueCode(grant: Grant, request: Pick<IssuedCode, 'redirectUri' | 'codeChallenge'>): string
  findCode(code: string): IssuedCode | undefined
  issueToken(
    token: Pick<IssuedToken, 'kind' | 'grant' | 'scopes' | 'resources'>,
  ): Readonly<{ text: string; token: IssuedToken }>
  /** Also one that is used, ended or expired, while it is remembered. */
  findToken(text: string): IssuedToken | undefined
  isLive(token: IssuedToken): boolean
}

/** Codes and tokens, in memory: they end with the process. */
export function createGrants(options: {
  readonly clock: Clock
  readonly random: Random
  readonly accessTokenSeconds: number
}): Grants {
  const { clock, random } = options
  const codes = createExpiringMap<IssuedCode>(clock, mostRecords)
  const tokens = createExpiringMap<IssuedToken>(clock, mostRecords)
  return {
    issueCode(grant, request) {
      const code = `devcode_${random.token(32)}`
      const now = clock.now()
      codes.set(
        code,
        { ...request, grant, expiresAt: now + codeSeconds, used: false },
        now + refreshSeconds,
      )
      return code
    },
    findCode: (code) => codes.get(code),
    issueToken({ kind, ...rest }) {
      const issuedAt = Math.floor(clock.now())
      const lifetime = kind === 'access' ? options.accessTokenSeconds : refreshSeconds
      const token = { ...rest, kind, issuedAt, expiresAt: issuedAt + lifetime, used: false }
      const text = `${kind === 'access' ? 'devat_' : 'devrt_'}${random.token(32)}`
      tokens.set(text, token, token.expiresAt)
      return { text, token }
    },
    findToken: (text) => tokens.get(text),
    isLive: (token) => !token.used && !token.grant.ended && token.expiresAt > clock.now(),
  }
}
