import type {
  Discovery,
  IdentityDocument,
  RegistrationResponse,
  ServiceDiscovery,
} from '@ath-protocol/types'
import { type ScopesByProvider, wantedScopes } from './allot.ts'
import { entryOf } from './approved.ts'
import { AthError } from './ath-error.ts'
import type { PendingHandshake } from './authorize.ts'
import { type AgentOptions, type AthClient, createAthClient } from './client.ts'
import { requireVersion } from './discover.ts'
import type { AgentKey } from './key.ts'
import type { AthPlace } from './place.ts'
import type { AthSession } from './session.ts'
import { showPage } from './show-page.ts'
import type { CallInit } from './step-up.ts'
import type { WaitOptions } from './wait.ts'

/** What connecting has done so far, in order. Keep the credentials of `registered`: the secret is shown once. */
export type ConnectEvent =
  | { readonly step: 'discovered'; readonly discovery: Discovery | ServiceDiscovery }
  | { readonly step: 'registered'; readonly registration: RegistrationResponse }
  | {
      readonly step: 'narrowed'
      readonly providerId: string
      readonly denied: readonly string[]
      readonly reason: string | undefined
    }
  | { readonly step: 'asked'; readonly handshake: PendingHandshake }
  | {
      readonly step: 'waiting'
      readonly handshake: PendingHandshake
      readonly elapsedSeconds: number
    }
  | { readonly step: 'granted'; readonly session: AthSession }

export interface ConnectSettings extends Omit<AgentOptions, 'agentId' | 'key'> {
  readonly agent: {
    readonly id: string
    readonly key: AgentKey
    /** Needed for the first registration (R40). */
    readonly developer?: IdentityDocument['developer']
  }
  /** Scope names, or scope names by provider where several providers use the same name. */
  readonly scopes: readonly string[] | ScopesByProvider
  /** Default: every provider that offers one of `scopes`. */
  readonly providers?: readonly string[]
  /** The purpose, in the agent's words. */
  readonly why?: string
  /**
   * How the user learns of the question. `print` (default) writes the URL to stderr, `open` also opens a browser,
   * `poll` says nothing; a function brings it to the user in its own way.
   */
  readonly onConsent?: 'open' | 'print' | 'poll' | ((asked: PendingHandshake) => unknown)
  /** Awaited at each step, so that what must be kept is kept before the next. */
  readonly onProgress?: (event: ConnectEvent) => unknown
  /** For each provider. Default: as long as a handshake lives. */
  readonly consentTimeoutSeconds?: number
  readonly pollSeconds?: WaitOptions['pollSeconds']
  readonly signal?: AbortSignal
}

export type ConnectOptions = ConnectSettings & AthPlace

/** What `connect` gives: the sessions, and one `fetch` for all of them. */
export interface Connection {
  readonly client: AthClient<Discovery | ServiceDiscovery>
  readonly sessions: readonly AthSession[]
  /** May be left out, and in native mode is not looked at, where there is one session. */
  session(providerId?: string): AthSession
  /**
   * As `AthSession.fetch`. Takes `/ath/proxy/<provider>/…` or the absolute URL; with one session also the paths of
   * its service.
   */
  fetch(input: string | URL | Request, init?: CallInit): Promise<Response>
  /** Ends all of them. */
  revoke(signal?: AbortSignal): Promise<void>
}

/** Discovers, registers where there are no credentials yet, asks the user for each provider, and waits for the answers. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { agent, onProgress, signal } = options
  const client = createAthClient({ ...options, agentId: agent.id, key: agent.key })
  const discovery = await client.discover({ signal })
  requireVersion(discovery)
  const wanted = wantedScopes(discovery, options.scopes, options.providers)
  await onProgress?.({ step: 'discovered', discovery })
  const asked = await narrowToApproved(client, options, wanted)
  const sessions: AthSession[] = []
  for (const [provider, scopes] of asked) {
    const handshake = await client.authorize({ provider, scopes, signal })
    await onProgress?.({ step: 'asked', handshake })
    const { onConsent = 'print' } = options
    if (typeof onConsent === 'function') await onConsent(handshake)
    else if (onConsent !== 'poll')
      await showPage(handshake.authorizationUrl, 'answer', onConsent === 'open')
    const session = await client.waitForConsent(handshake, {
      signal,
      timeoutSeconds: options.consentTimeoutSeconds,
      pollSeconds: options.pollSeconds,
      onPending: ({ elapsedSeconds }) =>
        onProgress?.({ step: 'waiting', handshake, elapsedSeconds }),
    })
    await onProgress?.({ step: 'granted', session })
    sessions.push(session)
  }
  return bundle(client, sessions)
}

/** Registers if need be, and keeps to what the service approved (R44): the user is not asked for the rest. */
async function narrowToApproved(
  client: Connection['client'],
  { agent, why, onProgress, signal }: ConnectOptions,
  wanted: ScopesByProvider,
): Promise<readonly (readonly [string, readonly string[]])[]> {
  const known = client.credentials
    ? await client.status({ signal }).catch(ignoreRefusal)
    : await register()
  if (!known) return Object.entries(wanted)
  if (known.agent_status !== 'approved')
    throw new AthError('AGENT_UNAPPROVED', {
      message: `this agent is ${known.agent_status} here`,
      details: { agent_status: known.agent_status, client_id: known.client_id },
    })
  const narrowed: (readonly [string, readonly string[]])[] = []
  for (const [provider, scopes] of Object.entries(wanted)) {
    const entry = entryOf(client, known.approved_providers, provider)
    const approved = scopes.filter((scope) => entry?.approved_scopes.includes(scope))
    const denied = scopes.filter((scope) => !approved.includes(scope))
    const reason = entry?.denial_reason
    if (approved.length === 0)
      throw new AthError('SCOPE_NOT_APPROVED', {
        message: `the service approved none of ${denied.join(', ')} for this agent`,
        details: { provider_id: provider, scopes: denied, ...(reason ? { reason } : {}) },
      })
    if (denied.length > 0)
      await onProgress?.({ step: 'narrowed', providerId: provider, denied, reason })
    narrowed.push([provider, approved])
  }
  return narrowed

  async function register() {
    if (!agent.developer)
      throw new AthError('ARGUMENT_INVALID', {
        message: 'the first registration needs `agent.developer`',
        fix: 'add developer: { name, id }',
      })
    const registration = await client.register({
      providers: Object.entries(wanted).map(([provider_id, scopes]) => ({ provider_id, scopes })),
      developer: agent.developer,
      purpose: why,
      signal,
    })
    await onProgress?.({ step: 'registered', registration })
    return registration
  }
}

/** Peers ask for another proof here or have no such endpoint (C20): then the gateway itself will say what is approved. */
function ignoreRefusal(error: unknown): undefined {
  if (error instanceof AthError && error.status !== undefined && error.status < 500)
    return undefined
  throw error
}

function bundle(client: Connection['client'], sessions: readonly AthSession[]): Connection {
  const session = (providerId?: string) => {
    const [only] = sessions
    const isOnly = client.native || (providerId === undefined && sessions.length === 1)
    const found = isOnly ? only : sessions.find((one) => one.providerId === providerId)
    if (found) return found
    throw new AthError('CREDENTIALS_MISSING', {
      message:
        providerId === undefined
          ? 'say which provider'
          : `there is no session for \`${providerId}\``,
    })
  }
  return {
    client,
    sessions,
    session,
    fetch: async (input, init) => {
      const given = input instanceof Request ? input.url : String(input)
      const named = /^(?:[a-z][a-z0-9+.-]*:\/\/.*?)?\/ath\/proxy\/([^/?#]+)/i.exec(given)?.[1]
      const [only] = sessions
      const isOnly = client.native || (named === undefined && sessions.length === 1)
      if (isOnly && only) return only.fetch(input, init)
      const provider = session(decodeURIComponent(named ?? ''))
      return provider.fetch(
        typeof input === 'string' && input.startsWith('/')
          ? input.slice(`/ath/proxy/${named}`.length) || '/'
          : input,
        init,
      )
    },
    revoke: async (signal) => {
      for (const one of sessions) await one.revoke(signal)
    },
  }
}
