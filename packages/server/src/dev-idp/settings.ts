import { type Clock, isLoopbackHost, type Random } from '@ath-protocol/types'
import type { AttestationVerifier } from '../ports/attestations.ts'

/** An application that is known from the start. Others may register themselves (RFC 7591). */
export interface DevIdpClient {
  readonly clientId: string
  /** Absent for a public client. */
  readonly clientSecret?: string
  /** Compared exactly. */
  readonly redirectUris: readonly string[]
  readonly name: string
}

/** Somebody whom a developer can be. */
export interface DevPerson {
  /** The `sub` of everything said about them. */
  readonly id: string
  readonly name: string
  readonly email: string
}

export interface DevScope {
  readonly name: string
  readonly description?: string
}

export interface DevIdpOptions {
  /** Where it is mounted, e.g. `http://localhost:3000/ath/dev-idp`; its path is the base path. */
  readonly issuer: string
  readonly clients: readonly DevIdpClient[]
  /** Default: Wang, Li and Chen. */
  readonly people?: readonly DevPerson[]
  /** What may be asked for, beside `openid`, `profile`, `email` and `offline_access`. */
  readonly scopes?: readonly DevScope[]
  readonly clock: Clock
  readonly random: Random
  /** Whether the process is a production one. Then nothing is created. */
  readonly production: boolean
  /** Verifies what agents send as proof when they register. Without it their names are shown as unproven. */
  readonly attestations?: AttestationVerifier
  /** Allows an issuer that is not on this machine. Default false: whoever reaches it can be anybody. */
  readonly allowRemote?: boolean
  /** Default 3600. */
  readonly accessTokenSeconds?: number
}

export const defaultPeople: readonly DevPerson[] = [
  { id: 'wang', name: '王晓 Wang Xiao', email: 'wang@example.com' },
  { id: 'li', name: '李敏 Li Min', email: 'li@example.com' },
  { id: 'chen', name: 'Alex Chen', email: 'chen@example.com' },
]

/** Throws for what must never run, and says the way out. */
export function checkSettings({ issuer, production, allowRemote, people }: DevIdpOptions): URL {
  if (production)
    throw new Error(
      'the development log-in (`devIdp`) does not start in production: it has no passwords, so anybody could be anybody. ' +
        'Fix: configure your own OAuth server instead, `oauth: { issuer, clientId, clientSecret }`',
    )
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || issuer !== url.origin + url.pathname)
    throw new TypeError(
      `the issuer of the development log-in is not an http URL without query: ${issuer}`,
    )
  if (issuer.endsWith('/'))
    throw new TypeError(
      `the issuer of the development log-in needs a path, without a slash at its end: ${issuer}`,
    )
  if (!allowRemote && !isThisMachine(url.hostname))
    throw new Error(
      `the development log-in (\`devIdp\`) does not start at ${url.host}: it has no passwords, so whoever reaches it can be anybody. ` +
        'Fix: use a localhost URL; or configure your own OAuth server, `oauth: { issuer, clientId, clientSecret }`; or set `allowRemote` if everybody there may be anybody',
    )
  if (people?.length === 0) throw new TypeError('the development log-in knows no people')
  return url
}

/** Names under `localhost` are this machine's by RFC 6761 §6.3. */
const isThisMachine = (hostname: string) =>
  isLoopbackHost(hostname) || hostname.endsWith('.localhost')
