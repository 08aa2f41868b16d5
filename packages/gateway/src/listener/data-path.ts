import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type AgentRegistry,
  type AthConfig,
  type AuditSink,
  type GrantStore,
  limitsOf,
  type LiveChanges,
  type NineStepPorts,
  type RateLimits,
  type TokenStore,
} from '@ath-protocol/server'
import type { Clock, Failure, ProviderId } from '@ath-protocol/types'
import {
  createInFlight,
  createLiveSessions,
  createLiveTokens,
  createRecorder,
  type ProxyPorts,
  proxyStory,
  readProxyTarget,
  type Route,
  sessionTokenReader,
  shortPaths,
} from '@ath-protocol/server/parts'
import { Exchange, type ExchangeDeps, recordLost } from './exchange.ts'
import { readHead } from './head.ts'
import { InboundCall } from './inbound-call.ts'
import { refuse } from './refuse.ts'

export interface DataPathOptions {
  readonly routes: ReadonlyMap<ProviderId, Route>
  readonly config: AthConfig
  /** Absent: no session's token is taken. */
  readonly nineStep?: Pick<NineStepPorts, 'sessions' | 'tokenKey'>
  readonly tokens: Pick<TokenStore, 'find'>
  readonly grants: Pick<GrantStore, 'find'>
  readonly registry: Pick<AgentRegistry, 'findByClientId'>
  readonly audit: AuditSink
  readonly limits: RateLimits
  readonly clock: Clock
  /** Records are on disk before an answer ends. Default false: they are written in batches. */
  readonly durable?: boolean
  /** Where the cause of a bug goes; answers never show it. */
  readonly report?: (cause: unknown, recordId: string | undefined) => void
}

export interface CallContext {
  readonly target: string
  readonly ip: string
  /** `Expect: 100-continue` was sent, and nothing was answered to it yet. */
  readonly expectsContinue: boolean
}

/** The gateway's proxied call, from the socket and back. */
export interface DataPath {
  handle(request: IncomingMessage, response: ServerResponse, context: CallContext): void
  /** The providers that are reached as `/{provider_id}/…`, too. */
  readonly shortPaths: ReadonlySet<ProviderId>
  /** To be told of every durable change, by whoever makes it. */
  readonly live: LiveChanges & { storesChanged(): Promise<void> }
  /** Calls that were let in and are not over. */
  readonly inFlight: number
  /** New calls are answered 503. */
  drain(): void
  /** Ends what is still open: callers see a broken answer, never a clean end of half of it. */
  stop(): void
  close(): Promise<void>
}

export function createDataPath(options: DataPathOptions): DataPath {
  const { clock, routes, limits, config, nineStep } = options
  const inFlight = createInFlight()
  const live = createLiveTokens({
    ...options,
    sessions: createLiveSessions(nineStep?.sessions),
    readSessionToken: sessionTokenReader(config.baseUrl, nineStep?.tokenKey.publicKey),
    limitsOf: (agent, grant) => limitsOf(config, agent, grant),
    changed: () => inFlight.review(clock.now()),
  })
  const recorder = createRecorder(options.audit)
  const ports: ProxyPorts = { clock, limits, live, inFlight, routes, audit: recorder }
  const deps: ExchangeDeps = { ...options, recorder, inFlight }
  const reviewer = setInterval(() => inFlight.review(clock.now()), 1000)
  reviewer.unref()
  let draining = false

  /** What could not be read as a call has no story, but it has its record. */
  function refuseUnread(
    request: IncomingMessage,
    response: ServerResponse,
    { target, ip }: CallContext,
    startedAt: number,
    failure: Failure,
  ): void {
    const rawPath = target.split('?', 1)[0] as string
    const recordId = recorder.record({
      call: { method: request.method as string, providerId: undefined, rawPath, ip, startedAt },
      reached: 'receive',
      token: undefined,
      method: undefined,
      path: undefined,
      scope: undefined,
      failure,
      upstreamStatus: undefined,
      bytesIn: 0,
      bytesOut: 0,
      endedAt: clock.now(),
    })
    refuse(request, response, recordId === undefined ? recordLost : failure, recordId)
  }

  return {
    live,
    shortPaths: shortPaths(routes.keys()),
    get inFlight() {
      return inFlight.size
    },
    handle(request, response, context) {
      const startedAt = clock.now()
      const head = readHead(request.rawHeaders)
      const target = readProxyTarget(context.target)
      if (!head.ok) return refuseUnread(request, response, context, startedAt, head.error)
      if (!target.ok) return refuseUnread(request, response, context, startedAt, target.error)
      if (draining)
        return refuseUnread(request, response, context, startedAt, { reason: 'draining' })
      const call = new InboundCall(request, response, {
        target: target.value,
        head: head.value,
        ip: context.ip,
        clock,
        startedAt,
        expectsContinue: context.expectsContinue,
      })
      const exchange = new Exchange(request, response, call, deps)
      const outcome = proxyStory.tell(ports, { call })
      if (outcome instanceof Promise) void outcome.then((told) => exchange.settle(told))
      else exchange.settle(outcome)
    },
    drain() {
      draining = true
    },
    stop() {
      inFlight.stopAll({ reason: 'draining' })
    },
    async close() {
      clearInterval(reviewer)
      inFlight.stopAll({ reason: 'draining' })
      await Promise.all([...routes.values()].map((route) => route.upstream.close()))
    },
  }
}
