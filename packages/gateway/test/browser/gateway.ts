import {
  type AthConfig,
  type AthPorts,
  type AuditEvent,
  createAthHandlers,
  hashSecret,
  InMemoryAgentRegistry,
  InMemoryConsentStore,
  InMemoryGrantStore,
  InMemoryLoginStore,
  InMemoryProviderTokenStore,
  InMemorySessionStore,
  InMemoryTokenStore,
  type OAuthBridge,
  type ProviderDefinition,
  type RateLimits,
  type Registration,
} from '@ath-protocol/server'
import {
  type Clock,
  fail,
  handshakeLifetimeSeconds,
  ok,
  type Restrictions,
} from '@ath-protocol/types'
import { createSeededRandom, type VirtualClock } from '@sallyport/testing'
import {
  createConsentDesk,
  createLogin,
  type LoginSettings,
  createMe,
  createPasskeys,
  myPermissions,
  type PasskeyStore,
  relyingPartyOf,
} from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from '../data-folder.ts'
import { createNineStepPorts } from './nine-step-ports.ts'
import { answering, serve } from './serve.ts'

export interface TestGateway {
  readonly url: string
  readonly clock: VirtualClock
  readonly events: readonly AuditEvent[]
  readonly logins: InMemoryLoginStore
  readonly ports: AthPorts
  readonly passkeys: PasskeyStore
  /** What a rate limit answers, for as long as it is set. */
  limited: ReturnType<RateLimits['take']>
  /** Leaves browsers that come back from the log-in where they are, unanswered. */
  holdsCallbacks: boolean
  /** Where the provider `crm` sends people; its own pages. */
  upstreamUrl: string
  /** Changes what the agent said about itself. */
  introduce(changes: Partial<Registration>): Promise<void>
  /** A new handshake; returns its id and the URL the agent would give its user. */
  ask(changes?: {
    readonly scopes?: readonly string[]
    readonly providerId?: string
    readonly redirectUri?: string
    readonly restrictions?: readonly Restrictions[]
  }): Promise<{ readonly id: string; readonly url: string }>
  close(): Promise<void>
}

export const agentId = 'https://agents.example.com/travel/agent.json'

const finance: ProviderDefinition = {
  id: 'finance',
  displayName: 'Blue Harbour Finance',
  authMode: 'none',
  consentPage: true,
  scopes: [
    { name: 'finance:read', description: 'Read invoices and balances' },
    { name: 'finance:export', description: 'Export the ledger as a file' },
    { name: 'finance:write', description: 'Change and pay invoices' },
    { name: 'finance:close', description: 'Close the month' },
    { name: 'finance:users', description: 'Manage users and their rights' },
  ],
}

/** Real log-in, real desk, real handlers, behind a real socket; stores in memory. */
export async function startGateway(
  login: LoginSettings | ((url: string) => Promise<LoginSettings>),
  options: {
    readonly outbound?: typeof fetch
    /** Passkeys belong to a name: an address has none. Default `127.0.0.1`. */
    readonly host?: 'localhost'
    readonly config?: Partial<AthConfig>
  } = {},
): Promise<TestGateway> {
  const server = await serve()
  const url = `http://${options.host ?? '127.0.0.1'}:${server.port}`
  const folder = createFolder()
  const store = await openTestStore(folder.dir)
  const clock = createMovableClock()
  const random = createSeededRandom()
  const logins = new InMemoryLoginStore(random)
  const events: AuditEvent[] = []
  const audit = {
    record: (event: AuditEvent) => `evt_${events.push(event)}`,
    settled: async () => {},
  }
  const crm: ProviderDefinition = {
    ...finance,
    id: 'crm',
    displayName: 'Blue Harbour CRM',
    authMode: 'oauth2',
  }
  const config: AthConfig = {
    baseUrl: url,
    aliases: [],
    callbackUrl: `${url}/ath/callback`,
    providers: new Map([finance, crm].map((provider) => [provider.id, provider])),
    approvalRules: [],
    unmatchedAgents: 'deny',
    approvalLifetimeSeconds: 90 * 86_400,
    tokenLifetimeSeconds: 3600,
    grantLifetimeSeconds: 7 * 86_400,
    browserBinding: true,
    legacyTokenAudience: false,
    allowLoopbackHttp: true,
    ...options.config,
  }
  const gateway = { limited: undefined, upstreamUrl: '', holdsCallbacks: false } as Pick<
    TestGateway,
    'limited' | 'upstreamUrl' | 'holdsCallbacks'
  >
  const limits: RateLimits = {
    take: () => gateway.limited,
    takeRate: () => undefined,
  }
  const grants = new InMemoryGrantStore()
  const registry = new InMemoryAgentRegistry()
  const desks = createLogin({
    login: typeof login === 'function' ? await login(url) : login,
    baseUrl: url,
    aliases: [url.replace('127.0.0.1', 'localhost')],
    logins,
    clock,
    random,
    audit,
    limits,
    outbound: options.outbound ?? fetch,
    allowLoopbackHttp: true,
  })
  const oauth: OAuthBridge = {
    authorizationUrl: async (_providerId, { state }) =>
      ok(new URL(`${gateway.upstreamUrl}?state=${state}`)),
    complete: async () =>
      ok({
        tokens: { accessToken: 'upstream', scopes: ['finance:read'] },
        answeredScope: 'finance:read',
      }),
    refresh: async () => fail({ reason: 'upstream_oauth', step: 'refresh', error: 'unused' }),
    revoke: async () => ok(undefined),
  }
  const passkeys = { store: store.passkeys, party: relyingPartyOf(url, []) }
  const ports: AthPorts = {
    config,
    clock,
    random,
    registry,
    handshakes: new InMemorySessionStore(),
    consents: new InMemoryConsentStore(),
    grants,
    tokens: new InMemoryTokenStore(),
    providerTokens: new InMemoryProviderTokenStore(),
    attestations: { verify: async () => fail({ reason: 'bug', cause: 'unused' }) },
    oauth,
    users: {
      ensure: async (person) => (await logins.ensureUser(person)).id,
      has: async (id) => (await logins.findUser(id)) !== undefined,
    },
    desk: createConsentDesk({
      login: desks,
      passkeys: createPasskeys({ ...passkeys, clock }),
      clock,
      config,
      audit,
    }),
    nineStep: await createNineStepPorts(),
    audit,
    limits: { take: () => undefined, takeRate: () => undefined },
    live: { tokenRevoked() {}, grantRevoked() {}, agentChanged() {} },
    report: (cause) => {
      throw cause
    },
  }
  await registry.insert(agentRegistration(clock.now()))
  const me = createMe({ login: desks, ports, permissions: myPermissions(ports), passkeys })
  const handlers = createAthHandlers(ports)
  server.listen(
    answering(async (call) =>
      gateway.holdsCallbacks && call.path === '/login/callback'
        ? { status: 200, headers: {}, body: 'held' }
        : (desks.answer(call) ?? me.answer(call) ?? handlers(call)),
    ),
  )
  return Object.assign(gateway, {
    url,
    clock,
    events,
    logins,
    ports,
    passkeys: store.passkeys,
    introduce: async (changes: Partial<Registration>) => {
      await registry.update('ath_travel', changes)
    },
    ask: async (changes: Parameters<TestGateway['ask']>[0] = {}) => {
      const opaque = random.token(32)
      const codeVerifier = random.token(32)
      const id = `ath_sess_${random.token(32)}`
      const providerId = changes.providerId ?? 'finance'
      const requestedScopes = changes.scopes ?? ['finance:read', 'finance:export']
      const agent = await registry.findByClientId('ath_travel')
      const requested = requestedScopes.map((name) => ({ providerId, name }))
      await ports.handshakes.insert({
        id,
        clientId: 'ath_travel',
        agentId,
        providerId,
        requestedScopes,
        agentState: 'agent-state',
        ...(changes.redirectUri === undefined ? {} : { userRedirectUri: changes.redirectUri }),
        opaqueHash: hashSecret(opaque),
        upstreamStateHash: hashSecret(hashSecret(`ath upstream state ${codeVerifier}`)),
        codeVerifier,
        nonce: random.token(16),
        state: 'created',
        createdAt: clock.now(),
        expiresAt: clock.now() + handshakeLifetimeSeconds,
      })
      await ports.consents.insert({
        id: `cns_${random.token(32)}`,
        handshake: { kind: 'two_phase', id },
        clientId: 'ath_travel',
        agentId,
        requested,
        offered: requested.filter(({ name }) =>
          agent?.approvals.some(
            (approval) =>
              approval.provider_id === providerId && approval.approved_scopes.includes(name),
          ),
        ),
        ...(agent?.purpose === undefined ? {} : { words: agent.purpose }),
        risk: 'medium',
        restrictions: changes.restrictions ?? [],
        longestSeconds: config.grantLifetimeSeconds,
        createdAt: clock.now(),
        expiresAt: clock.now() + handshakeLifetimeSeconds,
      })
      return {
        id,
        url: `${url}/ath/authorize/${opaque}?response_type=code&state=agent-state`,
      }
    },
    close: async () => {
      await server.close()
      await store.close()
      folder.remove()
    },
  })
}

/** The machine's clock, which can be moved on: the identity provider's tokens are dated by the machine. */
function createMovableClock(): VirtualClock & Clock {
  let offset = 0
  const machine = () => Date.now() / 1000
  return {
    now: () => machine() + offset,
    advance: (seconds) => {
      offset += seconds
    },
    set: (instant) => {
      offset = instant - machine()
    },
  }
}

function agentRegistration(now: number): Registration {
  return {
    clientId: 'ath_travel',
    agentId,
    name: 'Travel Helper',
    developer: { name: 'Example Travel Ltd', id: 'dev.example.com' },
    purpose:
      'I collect the invoices of your business trips, match them with the bookings and prepare your expense report. Nothing is sent before you have seen it.',
    status: 'approved',
    requested: [],
    approvals: ['finance', 'crm'].map((provider_id) => ({
      provider_id,
      approved_scopes: ['finance:read', 'finance:export'],
      denied_scopes: ['finance:write'],
    })),
    approvalExpiresAt: now + 86_400 * 30,
    secretHash: hashSecret('unused'),
    registeredAt: now,
    decidedAt: now,
    decidedBy: 'rule:test',
  }
}
