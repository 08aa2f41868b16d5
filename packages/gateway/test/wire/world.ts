import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { TestContext } from 'node:test'
import {
  type AthConfig,
  type AuditEvent,
  type AuditSink,
  hashSecret,
  InMemoryAgentRegistry,
  InMemoryGrantStore,
  InMemoryProviderTokenStore,
  InMemoryTokenStore,
  type NineStepPorts,
  type OAuthBridge,
  type RateLimits,
  readScopeRule,
  type Registration,
  type ScopeRule,
} from '@ath-protocol/server'
import { type AgentId, fail, type ProviderId, type Restrictions } from '@ath-protocol/types'
import { createTestKey, createVirtualClock, type VirtualClock } from '@sallyport/testing'
import { openUndiciUpstream } from '../../src/adapters/undici/upstream.ts'
import type { Listen, Provider, ProviderAuth } from '../../src/config/config.ts'
import { createDataPath, type DataPath } from '../../src/listener/data-path.ts'
import { type Listener, openListener } from '../../src/listener/listener.ts'
import { openRoutes } from '../../src/listener/open-routes.ts'
import type { ControlPlane } from '../../src/listener/control-plane.ts'
import type { Person, Signer } from '@ath-protocol/server/parts'

/** The public base URL: the issuer of session tokens. */
export const gatewayUrl = 'https://gateway.example'

export const agentId: AgentId = 'https://agent.example/.well-known/agent.json'

/** A gateway on real sockets in front of a real server, with one approved agent and one user's grant. */
export interface World {
  readonly url: string
  readonly port: number
  readonly upstreamUrl: string
  readonly token: string
  readonly clock: VirtualClock
  readonly events: AuditEvent[]
  readonly dataPath: DataPath
  readonly listener: Listener
  readonly tokens: InMemoryTokenStore
  readonly grants: InMemoryGrantStore
  readonly registry: InMemoryAgentRegistry
  readonly providerTokens: InMemoryProviderTokenStore
  /** Headers of a good call. */
  readonly good: Record<string, string>
  readonly ended: string[]
  /** Another token of the same grant. */
  addToken(
    name: string,
    changes?: { scopes?: string[]; expiresAt?: number; grantId?: string; userId?: string },
  ): Promise<string>
  /** Waits until a record of this event is there. */
  recorded(matches: (event: AuditEvent) => boolean): Promise<AuditEvent>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly upstream?: http.RequestListener
  /** Instead of a server started here. */
  readonly upstreamUrl?: string
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly auth?: ProviderAuth
  readonly amounts?: Provider['amounts']
  readonly rules?: readonly [string, string][]
  readonly basePath?: string
  readonly ca?: string
  readonly timeouts?: Partial<Provider['timeouts']>
  readonly maxRequestBytes?: number
  readonly limits?: RateLimits
  /** What the configuration, and the only agent's registration and grant, are limited to. */
  readonly restrictions?: {
    readonly everywhere?: Restrictions
    readonly provider?: Restrictions
    readonly agent?: Restrictions
    readonly grant?: readonly Restrictions[]
  }
  readonly nineStep?: Pick<NineStepPorts, 'sessions' | 'tokenKey'>
  readonly audit?: Partial<AuditSink>
  readonly durable?: boolean
  readonly listen?: Partial<Listen>
  readonly control?: ControlPlane
  readonly missing?: () => readonly string[]
  readonly refresh?: OAuthBridge['refresh']
  readonly person?: Person
  readonly signer?: Signer
}

export const tokenText = (name: string) => `ath_tk_${name.padEnd(43, '0')}`

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const upstream =
    options.upstreamUrl === undefined
      ? await startUpstream(options.upstream ?? ((_, response) => response.end('ok')), options.tls)
      : undefined
  const upstreamUrl = options.upstreamUrl ?? (upstream?.url as string)
  const clock = createVirtualClock()
  const now = clock.now()
  const events: AuditEvent[] = []
  const waiting = new Set<() => void>()
  const ended: string[] = []
  const registry = new InMemoryAgentRegistry()
  const grants = new InMemoryGrantStore()
  const tokens = new InMemoryTokenStore()
  const providerTokens = new InMemoryProviderTokenStore()
  const owner = { clientId: 'ath_client', agentId, userId: 'usr_1', providerId: 'oa' as ProviderId }
  const rules = options.rules ?? [['oa:all', '* /**']]
  const scopes = [...new Set(rules.map(([scope]) => scope))]
  const { agent: ofAgent, grant: ofGrant } = options.restrictions ?? {}
  await registry.insert({
    ...registration(now, scopes),
    ...(ofAgent ? { restrictions: ofAgent } : {}),
  })
  await grants.insert({
    ...owner,
    id: 'gnt_1',
    userSource: 'login',
    scopes,
    ...(ofGrant ? { restrictions: ofGrant } : {}),
    createdAt: now,
    expiresAt: now + 28_800,
  })
  const audit: AuditSink = {
    record(event) {
      const id = options.audit?.record?.(event) ?? `evt_${events.length}`
      events.push(event)
      for (const wake of waiting) wake()
      return id
    },
    settled: () => options.audit?.settled?.() ?? Promise.resolve(),
  }
  const provider: Provider = {
    id: 'oa',
    url: new URL(`${upstreamUrl}${options.basePath ?? ''}`),
    scopeRules: rules.map(([scope, text]) => readScopeRule(scope, text) as ScopeRule),
    amounts: options.amounts ?? [],
    auth: options.auth ?? { kind: 'none' },
    timeouts: { connectSeconds: 5, headersSeconds: 30, idleSeconds: 60, ...options.timeouts },
    maxRequestBytes: options.maxRequestBytes ?? 2 ** 40,
    ...(options.ca === undefined ? {} : { caFile: 'ca.pem' }),
  }
  const routes = openRoutes([provider, { ...provider, id: 'crm' }], {
    providerTokens,
    oauth: {
      refresh: options.refresh ?? (async () => fail({ reason: 'upstream_credential', cause: '' })),
    },
    audit,
    clock,
    random: { token: () => 'random' },
    signer: options.signer ?? (await testSigner()),
    issuer: gatewayUrl,
    findUser: async () => options.person,
    async endGrant(id) {
      await grants.revoke(id, clock.now())
      await tokens.revokeByGrant(id, clock.now())
      ended.push(id)
      dataPath.live.grantRevoked(id)
    },
    openUpstream: openUndiciUpstream,
    readCa: () => options.ca as string,
  })
  const config = {
    baseUrl: gatewayUrl,
    providers: new Map(
      ['oa', 'crm'].map((id) => [id, { restrictions: options.restrictions?.provider }]),
    ),
    restrictions: options.restrictions?.everywhere,
  } as unknown as AthConfig
  const dataPath = createDataPath({
    routes,
    config,
    ...(options.nineStep ? { nineStep: options.nineStep } : {}),
    tokens,
    grants,
    registry,
    audit,
    limits: options.limits ?? { take: () => undefined, takeRate: () => undefined },
    clock,
    ...(options.durable ? { durable: true } : {}),
  })
  const listener = await openListener({
    listen: {
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      drainSeconds: 5,
      maxHeaderBytes: 16_384,
      ...options.listen,
    },
    dataPath,
    control: options.control ?? (async () => undefined),
    health: { missing: options.missing ?? (() => []) },
    secure: false,
  })
  async function addToken(
    name: string,
    changes: { scopes?: string[]; expiresAt?: number; grantId?: string; userId?: string } = {},
  ) {
    const text = tokenText(name)
    await tokens.insert({
      ...owner,
      hash: hashSecret(text),
      grantId: 'gnt_1',
      scopes,
      issuedAt: now,
      expiresAt: now + 3600,
      ...changes,
    })
    return text
  }
  const token = await addToken('A')
  return {
    url: listener.url,
    port: listener.port,
    upstreamUrl,
    token,
    clock,
    events,
    dataPath,
    listener,
    tokens,
    grants,
    registry,
    providerTokens,
    good: { authorization: `Bearer ${token}`, 'x-ath-agent-id': agentId },
    ended,
    addToken,
    recorded: (matches) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.find(matches)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    async close() {
      await dataPath.close()
      await listener.close()
      await upstream?.close()
    },
  }
}

/** A world for one test, closed with it however it ends. */
export async function openOther(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const world = await openWorld(options)
  t.after(() => world.close())
  return world
}

function registration(now: number, scopes: readonly string[]): Registration {
  return {
    clientId: 'ath_client',
    agentId,
    name: 'Agent',
    developer: { name: 'Dev', id: 'dev' },
    status: 'approved',
    requested: [],
    approvals: ['oa', 'crm'].map((provider_id) => ({
      provider_id,
      approved_scopes: [...scopes],
      denied_scopes: [],
    })),
    approvalExpiresAt: now + 90 * 86_400,
    secretHash: '',
    registeredAt: now,
    decidedAt: now,
    decidedBy: 'rule:test',
  }
}

export async function testSigner(): Promise<Signer & { readonly publicKey: CryptoKey }> {
  const key = await createTestKey('k1')
  return {
    kid: 'k1',
    publicKey: key.publicKey,
    publicJwk: () => key.publicJwk as ReturnType<Signer['publicJwk']>,
    sign: async (input) =>
      new Uint8Array(
        await crypto.subtle.sign(
          { name: 'ECDSA', hash: 'SHA-256' },
          key.privateKey,
          input as Uint8Array<ArrayBuffer>,
        ),
      ),
  }
}

export async function startUpstream(
  handler: http.RequestListener,
  tls?: { readonly cert: string; readonly key: string },
  port = 0,
): Promise<{ readonly url: string; readonly port: number; close(): Promise<void> }> {
  const server = tls ? https.createServer(tls, handler) : http.createServer(handler)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address() as net.AddressInfo
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${address.port}`,
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** An upstream that answers whatever bytes it is told to, once the request's head is here. */
export async function startRawUpstream(
  t: TestContext,
  answer: (socket: net.Socket, head: string) => void,
): Promise<{ readonly url: string }> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      answer(socket, head)
      head = ''
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}` }
}

/** The whole body of a request. */
export async function bodyOf(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly rawHeaders: string[]
  readonly trailers: NodeJS.Dict<string>
  readonly body: Buffer
  json(): Record<string, unknown>
}

export interface CallOptions {
  readonly method?: string
  readonly headers?: http.OutgoingHttpHeaders | readonly string[]
  readonly body?: string | Uint8Array
  readonly path?: string
}

/** One call through the gateway, with the path as written: no URL parser tidies it up. */
export function call(world: World, target: string, options: CallOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1',
      port: world.port,
      method: options.method ?? 'GET',
      path: target,
      headers: (options.headers ?? world.good) as http.OutgoingHttpHeaders,
      agent: false,
    })
    request.on('error', reject)
    request.on('response', (response) => {
      read(response).then(resolve, reject)
    })
    request.end(options.body)
  })
}

export async function read(response: http.IncomingMessage): Promise<Answer> {
  const body = await bodyOf(response)
  return {
    status: response.statusCode as number,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    trailers: response.trailers,
    body,
    json: () => JSON.parse(body.toString()) as Record<string, unknown>,
  }
}

/** Sends bytes as they are and gives back everything until the gateway closes or the text `until` came. */
export function raw(world: World, bytes: string | Buffer, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(world.port, '127.0.0.1')
    let text = ''
    socket.setTimeout(5000, () => {
      socket.destroy()
      reject(new Error(`no end after: ${text}`))
    })
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (until !== undefined && text.includes(until)) {
        socket.destroy()
        resolve(text)
      }
    })
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
}
