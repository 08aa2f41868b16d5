import {
  createTestAgent,
  createSeededRandom,
  createVirtualClock,
  type TestAgent,
  type VirtualClock,
} from '@sallyport/testing'
import { fail, ok, type AgentId, type ProviderScope, type UserId } from '@ath-protocol/types'
import { createMockProvider } from '../src/oauth/mock-provider.ts'
import {
  type AthAnswer,
  type AthCall,
  type AthConfig,
  type AthPorts,
  type AuditEvent,
  type ConsentDecision,
  type ConsentDesk,
  createAthHandlers,
  createAttestationVerifier,
  InMemoryAgentRegistry,
  InMemoryConsentStore,
  InMemoryGrantStore,
  InMemoryProviderTokenStore,
  InMemoryReplayStore,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '../src/index.ts'

export const base = 'https://gw.example.com'

/** What a test reads of an answer. */
export interface Seen extends AthAnswer {
  readonly json: WireJson
}

/** The members that tests look at; a test that reads an absent one fails on `undefined`. */
interface WireJson {
  readonly code: string
  readonly details: {
    readonly reason?: string
    readonly client_id?: string
    readonly errors?: readonly { path: string }[]
  }
  readonly fix: string
  readonly client_id: string
  readonly client_secret: string
  readonly agent_id: string
  readonly agent_status: string
  readonly approved_providers: readonly {
    readonly provider_id: string
    readonly approved_scopes: readonly string[]
    readonly denied_scopes: readonly string[]
    readonly denial_reason?: string
  }[]
  readonly approval_expires: string
  readonly registered_at: string
  readonly purpose: string
  readonly ath_session_id: string
  readonly authorization_url: string
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly grant_expires_in: number
  readonly effective_scopes: readonly string[]
  readonly provider_id: string
  readonly scope_intersection: Readonly<
    Record<'agent_approved' | 'user_consented' | 'effective', readonly string[]>
  >
  readonly message: string
  readonly gateway_id: string
  readonly ath_version: string
  readonly agent_registration_endpoint: string
  readonly supported_providers: readonly Readonly<Record<string, unknown>>[]
}

/** A gateway's handlers with real rules, real signatures and in-memory stores; only ports are faked. */
export interface World {
  readonly clock: VirtualClock
  readonly ports: AthPorts
  readonly events: AuditEvent[]
  readonly agents: Map<AgentId, TestAgent>
  readonly revokedUpstream: string[]
  /** What the person at the consent page answers next. */
  decide: (offered: readonly ProviderScope[]) => ConsentDecision
  signedIn: UserId | undefined
  readonly live: string[]
  addAgent(agentId: AgentId): Promise<TestAgent>
  send(method: string, path: string, options?: SendOptions): Promise<Seen>
  /** Registers an agent and returns its credentials. */
  register(agent: TestAgent, changes?: object): Promise<Seen>
}

export interface SendOptions {
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly ip?: string
}

export async function createWorld(changes: Partial<AthConfig> = {}): Promise<World> {
  const clock = createVirtualClock()
  const random = createSeededRandom()
  const agents = new Map<AgentId, TestAgent>()
  const events: AuditEvent[] = []
  const live: string[] = []
  const revokedUpstream: string[] = []
  const config = testConfig(changes)
  const mock = createMockProvider({ callbackUrl: config.callbackUrl, user: 'wang', clock, random })
  const users = new Map<string, UserId>()
  const world = { signedIn: 'usr_wang', decide: approveAll } as World & {
    signedIn: UserId | undefined
  }
  const desk: ConsentDesk = {
    present: async (_call, { consent }) =>
      consent.userId !== undefined && consent.userId !== world.signedIn
        ? fail({ reason: 'consent_of_other_user' })
        : ok(world.signedIn === undefined ? page(302, 'sign in') : page(200, 'consent page')),
    decide: async (_call, { providers }) =>
      ok(
        world.decide(
          providers.flatMap(({ id, scopes }) =>
            scopes.filter(({ offered }) => offered).map(({ name }) => ({ providerId: id, name })),
          ),
        ),
      ),
    signedInUser: async () => world.signedIn,
    signIn: () => page(302, 'sign in'),
    notice: (_call, { kind, status }) => page(status, `notice ${kind}`),
    handOver: (_call, to) => ({ status: 200, headers: { refresh: to }, body: to }),
  }
  const replay = new InMemoryReplayStore()
  const ports: AthPorts = {
    config,
    clock,
    random,
    registry: new InMemoryAgentRegistry(),
    handshakes: new InMemorySessionStore(),
    consents: new InMemoryConsentStore(),
    grants: new InMemoryGrantStore(),
    tokens: new InMemoryTokenStore(),
    providerTokens: new InMemoryProviderTokenStore(),
    attestations: createAttestationVerifier({
      clock,
      replay,
      allowLoopbackHttp: false,
      documents: {
        fetch: async (url) => {
          const agent = agents.get(url.href)
          return agent ? ok({ json: agent.document() }) : fail({ kind: 'document_unavailable' })
        },
      },
    }),
    oauth: {
      ...mock,
      revoke: (id, tokens) => {
        revokedUpstream.push(tokens.accessToken)
        return mock.revoke(id, tokens)
      },
    },
    users: {
      ensure: async ({ issuer, subject }) => {
        const key = `${issuer} ${subject}`
        const known = users.get(key) ?? `usr_${users.size + 1}`
        users.set(key, known)
        return known
      },
      has: async (id) => [...users.values()].includes(id),
    },
    desk,
    audit: {
      record: (event) => {
        events.push(event)
        return `evt_${events.length}`
      },
      settled: async () => {},
    },
    limits: { take: () => undefined, takeRate: () => undefined },
    live: {
      tokenRevoked: (hash) => live.push(`token ${hash}`),
      grantRevoked: (id) => live.push(`grant ${id}`),
      agentChanged: (id) => live.push(`agent ${id}`),
    },
    report: (cause) => {
      throw cause
    },
  }
  const handle = createAthHandlers(ports)
  return Object.assign(world, {
    clock,
    ports,
    events,
    agents,
    live,
    revokedUpstream,
    async addAgent(agentId: AgentId) {
      const agent = await createTestAgent({ agentId, clock })
      agents.set(agentId, agent)
      return agent
    },
    async send(method: string, path: string, options: SendOptions = {}): Promise<Seen> {
      const answer = await handle(toCall(method, path, options))
      if (!answer) throw new Error(`no route for ${method} ${path}`)
      const isJson = String(answer.headers['content-type']).includes('json')
      return { ...answer, json: (isJson ? JSON.parse(answer.body) : {}) as WireJson }
    },
    async register(agent: TestAgent, changed: object = {}) {
      return world.send('POST', '/ath/agents/register', {
        body: {
          agent_id: agent.agentId,
          agent_attestation: await agent.attest({ audience: base }),
          developer: { name: 'Example Agents Ltd', id: 'example-agents' },
          requested_providers: [{ provider_id: 'oa', scopes: ['oa:read', 'oa:write'] }],
          purpose: 'read approvals',
          ...changed,
        },
      })
    },
  })
}

export function toCall(
  method: string,
  path: string,
  { body, headers = {}, ip = '192.0.2.7' }: SendOptions,
): AthCall {
  const url = new URL(path, base)
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: new TextEncoder().encode(text),
    ip,
  }
}

export const approveAll = (offered: readonly ProviderScope[]): ConsentDecision => ({
  kind: 'approve',
  userId: 'usr_wang',
  scopes: offered,
  lifetimeSeconds: 28_800,
  method: 'session',
})

const page = (status: number, body: string): AthAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body,
})

function testConfig(changes: Partial<AthConfig>): AthConfig {
  return {
    baseUrl: base,
    aliases: [],
    callbackUrl: `${base}/ath/callback`,
    providers: new Map([
      [
        'oa',
        {
          id: 'oa',
          displayName: 'Office approvals',
          scopes: [{ name: 'oa:read' }, { name: 'oa:write' }, { name: 'oa:delete' }],
          authMode: 'cookie',
          consentPage: true,
        },
      ],
      [
        'crm',
        {
          id: 'crm',
          displayName: 'CRM',
          scopes: [{ name: 'crm:read' }, { name: 'crm:write' }],
          authMode: 'oauth2',
          upstreamScopes: { 'crm:read': 'crm.read', 'crm:write': 'crm.write' },
          consentPage: true,
        },
      ],
    ]),
    approvalRules: [
      {
        name: 'travel',
        match: { domain: 'travel.agents.example.com' },
        decide: 'approve',
        allow: { oa: ['oa:read', 'oa:write'], crm: ['crm:read', 'crm:write'] },
        because: 'the travel agent needs no more',
      },
      { name: 'banned', match: { domain: '*.banned.example' }, decide: 'deny', allow: {} },
    ],
    unmatchedAgents: 'hold',
    approvalLifetimeSeconds: 90 * 86_400,
    tokenLifetimeSeconds: 3600,
    grantLifetimeSeconds: 28_800,
    browserBinding: true,
    legacyTokenAudience: false,
    allowLoopbackHttp: false,
    ...changes,
  }
}

export const travelId = 'https://travel.agents.example.com/.well-known/agent.json'

export interface Started {
  readonly clientId: string
  readonly clientSecret: string
  readonly sessionId: string
  readonly authorizationUrl: string
}

/** Registers and begins a handshake. */
export async function start(
  world: World,
  agent: TestAgent,
  request: {
    provider?: string
    scopes?: readonly string[]
    registration?: object
    extra?: object
  } = {},
): Promise<Started> {
  const provider = request.provider ?? 'oa'
  const scopes = request.scopes ?? ['oa:read']
  const registered = await world.register(agent, {
    requested_providers: [
      { provider_id: 'oa', scopes: ['oa:read', 'oa:write'] },
      { provider_id: 'crm', scopes: ['crm:read', 'crm:write'] },
    ],
    ...request.registration,
  })
  const { client_id: clientId, client_secret: clientSecret } = registered.json
  const started = await world.send('POST', '/ath/authorize', {
    body: {
      client_id: clientId,
      agent_attestation: await agent.attest({ audience: base }),
      provider_id: provider,
      scopes,
      state: 'c3RhdGUtb2YtdGhlLWFnZW50',
      ...request.extra,
    },
  })
  return {
    clientId,
    clientSecret,
    sessionId: started.json.ath_session_id,
    authorizationUrl: started.json.authorization_url,
  }
}

/** A browser: keeps cookies and goes where it is sent, until it is sent to a place that is not ours. */
export function createBrowser(world: World) {
  const jar = new Map<string, string>()
  const visit = async (
    method: string,
    url: string,
    headers: Record<string, string> = {},
  ): Promise<Seen> => {
    const target = new URL(url, base)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const seen = await world.send(method, target.pathname + target.search, {
      headers: {
        accept: 'text/html',
        'content-type': 'application/x-www-form-urlencoded',
        ...(cookie ? { cookie } : {}),
        ...headers,
      },
      ...(method === 'POST' ? { body: '' } : {}),
    })
    for (const line of [seen.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return seen
  }
  const next = (seen: Seen): string | undefined => {
    const to = seen.headers['location'] ?? seen.headers['refresh']
    return typeof to === 'string' ? to : undefined
  }
  return {
    jar,
    visit,
    next,
    /** Opens the URL, answers the page, and follows everything on our origin to the end. */
    async answer(authorizationUrl: string): Promise<{ last: Seen; urls: string[] }> {
      const opened = await visit('GET', authorizationUrl)
      let seen = next(opened) ? opened : await visit('POST', new URL(authorizationUrl).pathname)
      const urls: string[] = []
      for (let to = next(seen); to !== undefined; to = next(seen)) {
        urls.push(to)
        if (!to.startsWith(base)) break
        seen = await visit('GET', to)
      }
      return { last: seen, urls }
    },
  }
}

/** Fetches the token of a handshake. */
export async function exchange(
  world: World,
  agent: TestAgent,
  started: Started,
  changes: object = {},
): Promise<Seen> {
  return world.send('POST', '/ath/token', {
    body: {
      grant_type: 'authorization_code',
      client_id: started.clientId,
      client_secret: started.clientSecret,
      agent_attestation: await agent.attest({ audience: `${base}/ath/token` }),
      code: 'ath-session',
      ath_session_id: started.sessionId,
      ...changes,
    },
  })
}
