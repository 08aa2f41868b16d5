import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import {
  athVersion,
  authorizationRequestSchema,
  checkClaims,
  type Failure,
  importAgentKey,
  parseAttestation,
  readWire,
  registrationRequestSchema,
  renderProblem,
  revocationRequestSchema,
  secretRotationRequestSchema,
  tokenRenewalRequestSchema,
  tokenRequestSchema,
  verifySignature,
} from '@ath-protocol/types'
import type { TestAgent } from './keys.ts'
import { createStrictStepUp, type StrictStepUp } from './strict-step-up.ts'

/** Which step a request belongs to, for scripted answers and for the log. */
export type GatewayStep =
  | 'discover'
  | 'register'
  | 'status'
  | 'rotate'
  | 'authorize'
  | 'token'
  | 'renew'
  | 'revoke'
  | 'proxy'
  | 'direct'

export interface SeenRequest {
  readonly step: GatewayStep
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Record<string, unknown>
  /** The audience of the attestation it carried. */
  readonly audience?: string
}

export type RawAnswer = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * A small gateway over a real socket for tests of clients: it takes nothing on trust. Every attestation is parsed,
 * checked and verified with the protocol's own rules, every body read by its schema, every `jti` taken once; what is
 * wrong is in `faults`. It decides nothing by itself: tests approve, deny, and script odd answers.
 */
export interface StrictGateway {
  readonly url: string
  readonly seen: SeenRequest[]
  /** What clients did wrong. Empty at the end of an honest test. */
  readonly faults: string[]
  readonly clientId: string
  clientSecret: string
  /** What the service approves at registration. Default: everything that is offered. */
  approvals: Record<string, { approved: string[]; denied: string[]; reason?: string }>
  agentStatus: 'approved' | 'pending' | 'denied'
  /** The user's answer for every handshake from now on; `pending` until told. */
  userAnswer: 'pending' | 'denied' | readonly string[]
  /** Answers the next request of a step by hand, before anything is read or checked. */
  next(step: GatewayStep, answer: RawAnswer): void
  /** How long the next tokens live. Default 3600. */
  tokenLifetimeSeconds: number
  /** What stands behind the gateway, or the service itself. */
  upstream: RawAnswer
  /** Which calls the user must confirm once more, and what they say. */
  readonly stepUp: StrictStepUp
  /** Resolves when so many requests of a step have come in. */
  waitFor(step: GatewayStep, count: number): Promise<void>
  close(): Promise<void>
}

export interface StrictGatewayOptions {
  readonly agent: TestAgent
  /** Offered scopes by provider. */
  readonly offers?: Readonly<Record<string, readonly string[]>>
  readonly now?: () => number
  /** How long the user's grant lives, in which tokens are renewed. Default: the gateway knows no renewal. */
  readonly grantLifetimeSeconds?: number
  /** Told to pending clients, in seconds. */
  readonly intervalSeconds?: number
  /** Path in front of everything, e.g. `/gw`. */
  readonly basePath?: string
  /** Speaks ATH as a service of its own does: one app, its own description, calls answered by itself (C27). */
  readonly native?: {
    readonly appId: string
    /** Other names under which it lets itself be asked. */
    readonly aliases?: readonly string[]
    /** Where its API is. Default `/api`. */
    readonly apiPath?: string
    /** What the description says in place of it. */
    readonly apiBase?: string
  }
}

interface Asked {
  readonly provider: string
  readonly scopes: readonly string[]
  spent: boolean
}

interface Grant {
  readonly provider: string
  readonly scopes: readonly string[]
  readonly expiresAt: number
}

interface Token {
  readonly grant: Grant
  readonly expiresAt: number
}

export async function createStrictGateway(options: StrictGatewayOptions): Promise<StrictGateway> {
  const { agent, basePath = '', intervalSeconds = 0.05, grantLifetimeSeconds } = options
  const { native } = options
  const apiPath = `${basePath}${native?.apiPath ?? '/api'}`
  const offers = options.offers ?? { [native?.appId ?? 'oa']: ['oa:read', 'oa:write'] }
  const now = options.now ?? (() => Date.now() / 1000)
  const imported = await importAgentKey(agent.document(), undefined)
  if (!imported.ok) throw new Error('the test agent has no usable key')
  const publicKey = imported.value
  const scripted = new Map<GatewayStep, RawAnswer[]>()
  const waiting: { step: GatewayStep; count: number; done: () => void }[] = []
  const usedIds = new Set<string>()
  const handshakes = new Map<string, Asked>()
  const live = new Map<string, Token>()

  const gateway = {
    url: '',
    seen: [] as SeenRequest[],
    faults: [] as string[],
    clientId: 'ath_test_client',
    clientSecret: 'ath_secret_first',
    approvals: {} as StrictGateway['approvals'],
    agentStatus: 'approved' as StrictGateway['agentStatus'],
    userAnswer: 'pending' as StrictGateway['userAnswer'],
    tokenLifetimeSeconds: 3600,
    stepUp: createStrictStepUp((): string => gateway.url, now),
    upstream: ((_request, response) => response.end('upstream')) as RawAnswer,
    next: (step: GatewayStep, answer: RawAnswer) => {
      scripted.set(step, [...(scripted.get(step) ?? []), answer])
    },
    waitFor: (step: GatewayStep, count: number) =>
      new Promise<void>((done) => {
        waiting.push({ step, count, done })
        settle()
      }),
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }

  function settle() {
    for (const one of waiting.splice(0)) {
      if (gateway.seen.filter(({ step }) => step === one.step).length >= one.count) one.done()
      else waiting.push(one)
    }
  }

  async function attested(jwt: unknown, audiences: readonly string[]): Promise<string> {
    const parsed = parseAttestation(String(jwt))
    if (!parsed.ok) throw fault(`attestation: ${parsed.error.kind}`)
    const { claims } = parsed.value
    const checked = checkClaims(claims, { audiences, agentId: agent.agentId, now: now() })
    if (!checked.ok) throw fault(`attestation: ${checked.error.kind} ${checked.error.evidence}`)
    const verified = await verifySignature(parsed.value, publicKey)
    if (!verified.ok) throw fault('attestation: signature_wrong')
    if (usedIds.has(claims.jti)) throw fault('attestation: replayed')
    usedIds.add(claims.jti)
    if (parsed.value.kid !== agent.key.kid) throw fault(`kid: ${parsed.value.kid}`)
    return claims.aud
  }

  function fault(what: string): Refusal {
    gateway.faults.push(what)
    return new Refusal({ reason: 'request_malformed', errors: [{ path: '', problem: what }] })
  }

  function checkSchema(schema: Parameters<typeof readWire>[0], body: unknown): void {
    const read = readWire(schema, body)
    if (!read.ok) throw fault(`schema: ${JSON.stringify(read.error)}`)
  }

  function checkClient(body: Record<string, unknown>): void {
    if (body['client_id'] !== gateway.clientId) throw new Refusal({ reason: 'client_unknown' })
    if (body['client_secret'] !== gateway.clientSecret)
      throw new Refusal({ reason: 'client_secret_wrong' })
  }

  /** The one name of what was asked for, whatever it was called. */
  function nameOf(provider: unknown): string {
    const known = native && [native.appId, ...(native.aliases ?? [])].includes(String(provider))
    if (native && !known) throw fault(`provider: ${String(provider)}`)
    return native?.appId ?? String(provider)
  }

  function decided() {
    return Object.entries(offers).map(([provider_id, scopes]) => {
      const { approved, denied, reason } = gateway.approvals[provider_id] ?? {
        approved: scopes,
        denied: [],
        reason: undefined,
      }
      return {
        provider_id,
        approved_scopes: approved,
        denied_scopes: denied,
        ...(reason ? { denial_reason: reason } : {}),
      }
    })
  }

  function mint(grant: Grant, effective: readonly string[]) {
    const accessToken = `ath_tk_${crypto.randomUUID()}`
    const expiresAt = Math.min(now() + gateway.tokenLifetimeSeconds, grant.expiresAt)
    live.set(accessToken, { grant, expiresAt })
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: Math.floor(expiresAt - now()),
      effective_scopes: effective,
      provider_id: grant.provider,
      agent_id: agent.agentId,
      scope_intersection: {
        agent_approved: offers[grant.provider] ?? [],
        user_consented: grant.scopes,
        effective,
      },
      ...(grantLifetimeSeconds === undefined
        ? {}
        : { grant_expires_in: Math.floor(grant.expiresAt - now()) }),
    }
  }

  const base = () => gateway.url
  const describeGateway = () => ({
    ath_version: athVersion,
    gateway_id: base(),
    agent_registration_endpoint: `${base()}/ath/agents/register`,
    ...describeRenewal(),
    supported_providers: Object.entries(offers).map(([provider_id, available_scopes]) => ({
      provider_id,
      display_name: provider_id.toUpperCase(),
      available_scopes,
      auth_mode: 'OAUTH2',
      agent_approval_required: true,
    })),
  })
  const describeApp = ({ appId, apiBase }: NonNullable<StrictGatewayOptions['native']>) => ({
    ath_version: athVersion,
    app_id: appId,
    name: appId.toUpperCase(),
    auth: {
      type: 'oauth2',
      authorization_endpoint: `${base()}/ath/authorize`,
      token_endpoint: `${base()}/ath/token`,
      scopes_supported: offers[appId] ?? [],
      agent_attestation_required: true,
    },
    api_base: apiBase ?? new URL(apiPath, base()).href,
    agent_registration_endpoint: `${base()}/ath/agents/register`,
    ...describeRenewal(),
  })
  const describeRenewal = () =>
    grantLifetimeSeconds === undefined
      ? {}
      : { token_renewal_endpoint: `${base()}/ath/token/renew` }

  const steps: Record<
    Exclude<GatewayStep, 'proxy' | 'direct'>,
    (
      body: Record<string, unknown>,
      headers: IncomingMessage['headers'],
    ) => Promise<readonly [number, unknown, (string | undefined)?]>
  > = {
    discover: async () => [200, native ? describeApp(native) : describeGateway()],
    register: async (body) => {
      checkSchema(registrationRequestSchema, body)
      for (const one of body['requested_providers'] as { provider_id: string }[])
        nameOf(one.provider_id)
      const audience = await attested(body['agent_attestation'], [base()])
      if (body['agent_id'] !== agent.agentId) throw fault('agent_id differs')
      return [
        201,
        {
          client_id: gateway.clientId,
          client_secret: gateway.clientSecret,
          agent_status: gateway.agentStatus,
          approved_providers: decided(),
          approval_expires: new Date((now() + 86_400) * 1000).toISOString(),
        },
        audience,
      ]
    },
    status: async (_body, headers) => {
      const basic = `Basic ${btoa(`${gateway.clientId}:${gateway.clientSecret}`)}`
      const audience =
        headers['x-ath-agent-attestation'] !== undefined
          ? await attested(headers['x-ath-agent-attestation'], [base()])
          : undefined
      if (audience === undefined && headers.authorization !== basic)
        throw new Refusal({ reason: 'credentials_absent' })
      return [
        200,
        {
          client_id: gateway.clientId,
          agent_id: agent.agentId,
          agent_status: gateway.agentStatus,
          approved_providers: decided(),
          approval_expires: new Date((now() + 86_400) * 1000).toISOString(),
          registered_at: new Date(now() * 1000).toISOString(),
          developer: { name: 'Test', id: 'test' },
        },
        audience,
      ]
    },
    rotate: async (body) => {
      checkSchema(secretRotationRequestSchema, body)
      const own = `${base()}/ath/agents/${gateway.clientId}/secret`
      const audience = await attested(body['agent_attestation'], [own])
      gateway.clientSecret = `ath_secret_${crypto.randomUUID()}`
      return [200, { client_id: gateway.clientId, client_secret: gateway.clientSecret }, audience]
    },
    authorize: async (body) => {
      checkSchema(authorizationRequestSchema, body)
      if (body['client_id'] !== gateway.clientId) throw new Refusal({ reason: 'client_unknown' })
      const audience = await attested(body['agent_attestation'], [base()])
      const id = `ath_sess_${crypto.randomUUID()}`
      handshakes.set(id, {
        provider: nameOf(body['provider_id']),
        scopes: body['scopes'] as string[],
        spent: false,
      })
      return [
        200,
        { authorization_url: `${base()}/ath/authorize/${crypto.randomUUID()}`, ath_session_id: id },
        audience,
      ]
    },
    token: async (body) => {
      checkSchema(tokenRequestSchema, body)
      checkClient(body)
      const audience = await attested(body['agent_attestation'], [`${base()}/ath/token`])
      const asked = handshakes.get(String(body['ath_session_id']))
      if (!asked || asked.spent) throw new Refusal({ reason: 'handshake_unknown' })
      if (gateway.userAnswer === 'denied') throw new Refusal({ reason: 'user_denied' })
      if (gateway.userAnswer === 'pending') throw new Refusal({ reason: 'handshake_pending' })
      const consented = gateway.userAnswer
      const effective = asked.scopes.filter((scope) => consented.includes(scope))
      asked.spent = true
      const lifetime = grantLifetimeSeconds ?? gateway.tokenLifetimeSeconds
      const grant = { provider: asked.provider, scopes: effective, expiresAt: now() + lifetime }
      return [200, mint(grant, effective), audience]
    },
    renew: async (body) => {
      checkSchema(tokenRenewalRequestSchema, body)
      checkClient(body)
      const audience = await attested(body['agent_attestation'], [`${base()}/ath/token/renew`])
      const grant = live.get(String(body['token']))?.grant
      if (!grant) throw new Refusal({ reason: 'token_revoked' })
      if (now() >= grant.expiresAt) throw new Refusal({ reason: 'token_expired' })
      const approved = gateway.approvals[grant.provider]?.approved
      const effective = grant.scopes.filter((scope) => approved?.includes(scope) ?? true)
      if (effective.length === 0)
        throw new Refusal({
          reason: 'intersection_empty',
          approved: approved ?? [],
          consented: grant.scopes,
        })
      return [200, mint(grant, effective), audience]
    },
    revoke: async (body) => {
      checkSchema(revocationRequestSchema, body)
      checkClient(body)
      const ended = live.get(String(body['token']))?.grant
      for (const [token, { grant }] of live) if (grant === ended) live.delete(token)
      return [200, { message: 'Token revoked' }]
    },
  }

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
      gateway.faults.push(`test server: ${String(error)}`)
    })
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? ''
    const isDirect = native && (url === apiPath || url.startsWith(`${apiPath}/`))
    const named = isDirect
      ? 'direct'
      : stepOf(request.method ?? '', url.slice(basePath.length), native ? 'ath-app' : 'ath')
    const step = named === 'renew' && grantLifetimeSeconds === undefined ? undefined : named
    const own = scripted.get(step ?? 'proxy')?.shift()
    const seen = { method: request.method ?? '', url, headers: request.headers }
    const note = (body: Record<string, unknown>, audience?: string) => {
      gateway.seen.push({
        ...seen,
        step: step ?? 'proxy',
        body,
        ...(audience === undefined ? {} : { audience }),
      })
      settle()
    }
    if (own) {
      note({})
      await own(request, response)
      return
    }
    if (step === undefined || !url.startsWith(basePath)) {
      gateway.faults.push(`nothing is at ${request.method} ${url}`)
      send(response, 404, {})
      return
    }
    if (step === 'proxy' || step === 'direct') {
      note({})
      await call(request, response, url, step)
      return
    }
    let body: Record<string, unknown> = {}
    try {
      const raw = await readText(request)
      if (request.method === 'POST') {
        if (request.headers['content-type'] !== 'application/json')
          throw fault(`content-type: ${request.headers['content-type']}`)
        body = JSON.parse(raw) as Record<string, unknown>
      } else if (raw !== '') throw fault('a GET with a body')
      const [status, answer, audience] = await steps[step](body, request.headers)
      note(body, audience)
      send(response, status, answer)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      note(body)
      const { status, headers, body: problem } = renderProblem(error.failure)
      const pending = error.failure.reason === 'handshake_pending'
      const details = pending ? { ...problem.details, interval: intervalSeconds } : problem.details
      send(response, status, { ...problem, ...(details ? { details } : {}) }, headers)
    }
  }

  async function call(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
    step: 'proxy' | 'direct',
  ) {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const refuse = (failure: Failure) => {
      request.resume()
      const { status, headers, body } = renderProblem(failure)
      send(response, status, body, headers)
    }
    const found = live.get(token)
    if (!found) return refuse({ reason: 'token_revoked' })
    const { provider } = found.grant
    const names = native ? [provider, ...(native.aliases ?? [])] : [provider]
    const prefixes =
      step === 'direct' ? [apiPath] : names.map((name) => `${basePath}/ath/proxy/${name}`)
    const prefix = prefixes.find((one) => url.startsWith(one))
    if (prefix === undefined)
      return refuse({ reason: 'provider_differs', got: url, bound: provider })
    if (now() >= found.expiresAt) return refuse({ reason: 'token_expired' })
    if (request.headers['x-ath-agent-id'] !== agent.agentId)
      return refuse({ reason: 'agent_header_absent' })
    request.url = url.slice(prefix.length) || '/'
    if (!(await gateway.stepUp.admits(request, response, agent.agentId))) return
    await gateway.upstream(request, response)
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  gateway.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`
  return gateway
}

class Refusal extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.reason)
    this.failure = failure
  }
}

function stepOf(method: string, path: string, document: string): GatewayStep | undefined {
  const [bare = ''] = path.split('?')
  if (bare.startsWith('/ath/proxy/')) return 'proxy'
  if (`${method} ${bare}` === `GET /.well-known/${document}.json`) return 'discover'
  switch (`${method} ${bare}`) {
    case 'POST /ath/agents/register':
      return 'register'
    case 'POST /ath/authorize':
      return 'authorize'
    case 'POST /ath/token':
      return 'token'
    case 'POST /ath/token/renew':
      return 'renew'
    case 'POST /ath/revoke':
      return 'revoke'
  }
  if (method === 'POST' && /^\/ath\/agents\/[^/]+\/secret$/.test(bare)) return 'rotate'
  if (method === 'GET' && /^\/ath\/agents\/[^/]+$/.test(bare)) return 'status'
  return undefined
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
