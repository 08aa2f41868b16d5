import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import {
  type AthConfig,
  type AthPorts,
  type ConsentAnswer,
  type ConsentRequest,
  createAthHandlers,
  createAttestationVerifier,
  decideConsent,
  InMemoryAgentRegistry,
  InMemoryConsentStore,
  InMemoryGrantStore,
  InMemoryNineStepSessionStore,
  InMemoryNineStepStore,
  InMemoryPreAuthorizationStore,
  InMemoryProviderTokenStore,
  InMemoryReplayStore,
  InMemorySessionStore,
  InMemoryTokenStore,
  InMemoryUpstreamLegStore,
  InMemoryUserKeyStore,
  type NineStepConfig,
  type NineStepPorts,
} from '@ath-protocol/server'
import {
  type AccessTokenClaims,
  athVersion,
  didOfKey,
  encodeBase64url,
  fail,
  ok,
  type PublicKey,
  readAccessToken,
} from '@ath-protocol/types'
import type { TestAgent } from './keys.ts'
import { createDidKey, type DidKey, signCredential } from './nine-step-agent.ts'

/** A call that came through to the service behind the gateway. */
export interface ServiceCall {
  readonly method: string
  /** Path and query behind the provider. */
  readonly path: string
  readonly provider: string
  readonly claims: AccessTokenClaims
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

export type ServiceAnswer = (call: ServiceCall, response: ServerResponse) => unknown

/** The real handlers of the server package on a real socket, with memory for stores and a person whose answers are scripted. */
export interface NineStepGateway {
  readonly url: string
  readonly ports: AthPorts & { readonly nineStep: NineStepPorts }
  readonly person: DidKey
  /** Questions that were brought to the person, newest last. */
  readonly asked: ConsentRequest[]
  /** Every request to the ATH endpoints, as `POST /ath/handshake token_refresh`. */
  readonly seen: string[]
  readonly called: ServiceCall[]
  /** From now on. Tokens live at most an hour. */
  tokenLifetimeSeconds: number
  /** What the person does with a question as soon as it reaches them; `wait` is nothing. */
  onAsked: 'wait' | Partial<ConsentAnswer>
  service: ServiceAnswer
  /** What an operator would do. */
  approveAgent(did: string): Promise<void>
  registerKey(key: PublicKey): Promise<void>
  credential(
    agent: DidKey,
    changes?: Partial<Parameters<typeof signCredential>[1]>,
  ): Promise<string>
  /** The person answers the newest question. */
  answer(answer?: Partial<ConsentAnswer>): ReturnType<typeof decideConsent>
  close(): Promise<void>
}

export interface NineStepGatewayOptions {
  readonly nineStep?: Partial<NineStepConfig>
  /** Agents whose identity documents can be fetched. */
  readonly documents?: readonly TestAgent[]
  /** Unix seconds. */
  readonly now?: () => number
  /** The provider that speaks for itself: described as a service of its own, and called below `/api`. */
  readonly native?: string
  /** Answers before the handlers do, where it returns true. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
}

const userId = 'usr_wang'

const providers: AthConfig['providers'] = new Map([
  [
    'oa',
    {
      id: 'oa',
      displayName: 'Office approvals',
      scopes: [{ name: 'oa:read', risk: 'low' as const }, { name: 'oa:write' }],
      authMode: 'cookie' as const,
      consentPage: true,
      restrictions: { ip_whitelist: ['10.0.0.0/8'], rate_limit: '100/second' },
    },
  ],
  [
    'crm',
    {
      id: 'crm',
      displayName: 'CRM',
      scopes: [{ name: 'crm:write' }, { name: 'erase', risk: 'high' as const }],
      authMode: 'api_key' as const,
      consentPage: true,
    },
  ],
])

export async function createNineStepGateway(
  options: NineStepGatewayOptions = {},
): Promise<NineStepGateway> {
  const clock = { now: options.now ?? (() => Date.now() / 1000) }
  const person = await createDidKey()
  const server = createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ports = await createPorts(url, clock, options)
  const { nineStep } = ports
  const handle = createAthHandlers(ports)
  const gateway: NineStepGateway = {
    url,
    ports,
    person,
    asked: [],
    seen: [],
    called: [],
    onAsked: {},
    get tokenLifetimeSeconds() {
      return ports.config.tokenLifetimeSeconds
    },
    set tokenLifetimeSeconds(seconds) {
      Object.assign(ports.config, { tokenLifetimeSeconds: seconds })
    },
    service: ({ path, provider }, response) =>
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ provider, path })),
    async approveAgent(did) {
      const now = clock.now()
      await ports.registry.insert({
        clientId: `ath_${did.slice(-12)}`,
        agentId: did,
        name: 'AI Office Assistant',
        developer: { name: 'Blue Harbour', id: 'blue-harbour' },
        status: 'approved',
        requested: [],
        approvals: [...providers.values()].map(({ id, scopes }) => ({
          provider_id: id,
          approved_scopes: scopes.map(({ name }) => name),
          denied_scopes: [],
        })),
        approvalExpiresAt: now + 90 * 86_400,
        secretHash: 'none',
        registeredAt: now,
        decidedAt: now,
        decidedBy: 'operator:chen',
      })
    },
    async registerKey({ jwk, thumbprint }) {
      const createdAt = clock.now()
      await nineStep.userKeys.insert({ thumbprint, userId, jwk, label: 'laptop', createdAt })
    },
    credential: (agent, changes = {}) =>
      signCredential(person, {
        agent,
        serverDid: nineStep.serverDid,
        scopes: ['oa:read', 'oa:write', 'crm:write'],
        now: clock.now(),
        ...changes,
      }),
    async answer(answer = {}) {
      const consent = gateway.asked.at(-1)
      if (!consent) throw new Error('nobody was asked')
      const now = (await ports.consents.find(consent.id)) ?? consent
      return decideConsent(ports, now, {
        approved: true,
        userId,
        scopes: answer.approved === false ? [] : consent.offered,
        lifetimeSeconds: consent.longestSeconds,
        method: 'passkey',
        ...answer,
      })
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
  Object.assign(nineStep, {
    notifier: {
      ask: async (consent: ConsentRequest) => {
        gateway.asked.push(consent)
        const { onAsked } = gateway
        if (onAsked !== 'wait') setImmediate(() => void gateway.answer(onAsked))
      },
      settled: async () => undefined,
    },
  })
  await gateway.registerKey(person.publicKey)

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (options.intercept?.(request, response)) return
    const { method = 'GET' } = request
    const target = new URL(request.url ?? '/', url)
    const body = await buffer(request)
    if (options.native && target.pathname.startsWith('/.well-known/ath'))
      return target.pathname.endsWith('/ath-app.json')
        ? answer(response, 200, describeApp(options.native))
        : answer(response, 404, { code: 'NOT_FOUND', message: 'nothing here' })
    const isDirect = options.native !== undefined && target.pathname.startsWith('/api/')
    const [, provider, path = '/'] = isDirect
      ? ['', options.native, target.pathname]
      : (/^\/ath\/proxy\/([^/]+)(\/.*)?$/.exec(target.pathname) ?? [])
    // An app has other keys at the usual place.
    if (target.pathname === (options.native ? '/ath/jwks.json' : '/.well-known/jwks.json'))
      return answer(response, 200, { keys: [tokenJwk()] })
    if (provider !== undefined) {
      const claims = await admit(request, provider)
      if (!claims.ok)
        return answer(response, 401, { code: claims.error, message: 'refused', retryable: false })
      const call = {
        method,
        path: path + target.search,
        provider,
        claims: claims.value,
        body: body.toString(),
        headers: request.headers,
      }
      gateway.called.push(call)
      await gateway.service(call, response)
      return
    }
    gateway.seen.push(`${method} ${target.pathname}${typeOf(body)}`)
    const given = await handle({
      method,
      path: target.pathname,
      query: target.searchParams,
      headers: request.headers as Readonly<Record<string, string | undefined>>,
      body,
      ip: '10.1.2.3',
    })
    if (!given) return answer(response, 404, { code: 'NOT_FOUND', message: 'nothing here' })
    response.writeHead(given.status, given.headers as Record<string, string>).end(given.body)
  }

  const describeApp = (app: string) => ({
    ath_version: athVersion,
    app_id: app,
    name: providers.get(app)?.displayName,
    auth: {
      type: 'oauth2',
      authorization_endpoint: `${url}/ath/authorize`,
      token_endpoint: `${url}/ath/token`,
      scopes_supported: providers.get(app)?.scopes.map(({ name }) => name),
      agent_attestation_required: true,
    },
    api_base: `${url}/api`,
    jwks_uri: `${url}/ath/jwks.json`,
    handshake_endpoint: `${url}/ath/handshake`,
    server_did: nineStep.serverDid,
    server_jwk: nineStep.handshakeKey.publicKey.jwk,
  })

  const tokenJwk = () => {
    const { jwk } = nineStep.tokenKey.publicKey
    return { ...jwk, kid: nineStep.tokenKey.signer.kid, alg: 'ES256', use: 'sig' }
  }

  async function admit({ headers }: IncomingMessage, provider: string) {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
    const read = await readAccessToken(token, { issuer: url }, nineStep.tokenKey.publicKey)
    if (!read.ok) return fail('TOKEN_INVALID')
    const { exp, sid, ath_provider, ath_agent_id } = read.value
    if (exp <= clock.now()) return fail('TOKEN_EXPIRED')
    const session = await nineStep.sessions.find(sid)
    if (!session || session.revokedAt !== undefined) return fail('TOKEN_REVOKED')
    if (!ath_provider.includes(provider)) return fail('PROVIDER_MISMATCH')
    return headers['x-ath-agent-id'] === ath_agent_id ? read : fail('AGENT_IDENTITY_MISMATCH')
  }

  return gateway
}

const answer = (response: ServerResponse, status: number, body: object) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

function typeOf(body: Uint8Array): string {
  try {
    const { type } = JSON.parse(new TextDecoder().decode(body)) as { type?: string }
    return type === undefined ? '' : ` ${type}`
  } catch {
    return ''
  }
}

async function createPorts(
  url: string,
  clock: AthPorts['clock'],
  { nineStep = {}, documents = [] }: NineStepGatewayOptions,
): Promise<NineStepGateway['ports']> {
  const [handshakeKey, tokenKey] = await Promise.all([createDidKey(), createDidKey()])
  const replay = new InMemoryReplayStore()
  const unused = () => {
    throw new Error('nothing here needs it')
  }
  return {
    config: {
      baseUrl: url,
      aliases: [],
      callbackUrl: `${url}/ath/callback`,
      providers,
      approvalRules: [],
      unmatchedAgents: 'hold',
      approvalLifetimeSeconds: 90 * 86_400,
      tokenLifetimeSeconds: 3600,
      grantLifetimeSeconds: 28_800,
      browserBinding: true,
      legacyTokenAudience: false,
      allowLoopbackHttp: true,
      nineStep: {
        encryption: 'offered',
        confirmation: 'always',
        sessionLifetimeSeconds: 28_800,
        pinnedDids: [],
        ...nineStep,
      },
    },
    clock,
    random: {
      token: (bytes) => encodeBase64url(crypto.getRandomValues(new Uint8Array(bytes))),
    },
    registry: new InMemoryAgentRegistry(),
    handshakes: new InMemorySessionStore(),
    consents: new InMemoryConsentStore(),
    grants: new InMemoryGrantStore(),
    tokens: new InMemoryTokenStore(),
    providerTokens: new InMemoryProviderTokenStore(),
    attestations: createAttestationVerifier({
      clock,
      replay,
      allowLoopbackHttp: true,
      documents: {
        fetch: async ({ href }) => {
          const found = documents.find(({ agentId }) => agentId === href)
          return found ? ok({ json: found.document() }) : fail({ kind: 'document_unavailable' })
        },
      },
    }),
    oauth: { start: unused, exchange: unused, refresh: unused, revoke: unused } as never,
    users: { ensure: async () => userId, has: async () => true },
    audit: { record: () => 'evt_1', settled: async () => undefined },
    limits: { take: () => undefined, takeRate: () => undefined },
    live: { tokenRevoked: ignore, grantRevoked: ignore, agentChanged: ignore },
    report: (cause) => {
      throw cause
    },
    nineStep: {
      serverDid: didOfKey(handshakeKey.publicKey),
      handshakes: new InMemoryNineStepStore(),
      sessions: new InMemoryNineStepSessionStore(),
      userKeys: new InMemoryUserKeyStore(),
      preAuthorizations: new InMemoryPreAuthorizationStore(),
      legs: new InMemoryUpstreamLegStore(),
      dids: { fetch: async () => ok({}) },
      notifier: { ask: unused, settled: unused },
      replay,
      handshakeKey: { signer: handshakeKey.signer, publicKey: handshakeKey.publicKey },
      tokenKey: { signer: tokenKey.signer, publicKey: tokenKey.publicKey },
    },
  }
}

const ignore = () => undefined
