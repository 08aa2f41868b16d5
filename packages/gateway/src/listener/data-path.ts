import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  AgentRegistry,
  AthConfig,
  AuditSink,
  GrantStore,
  HeaderList,
  LiveChanges,
  NineStepPorts,
  RateLimits,
  TokenStore,
} from '@ath-protocol/server'
import { limitsOf, passableTrailers } from '@ath-protocol/server'
import { type Clock, encryptedMediaType, type Failure, type ProviderId } from '@ath-protocol/types'
import { EncryptedAnswer } from '../story/encrypted-answer.ts'
import type { Unsealed } from '../story/encrypted.ts'
import type { ProxyPorts, Route } from '../story/exchange.ts'
import { createInFlight } from '../story/in-flight.ts'
import { createLiveSessions } from '../story/live-sessions.ts'
import { createLiveTokens } from '../story/live-tokens.ts'
import { createRecorder, type Recorder } from '../story/record.ts'
import { sessionTokenReader } from '../story/session-token.ts'
import { type ProxyOutcome, proxyStory } from '../story/story.ts'
import type { UpstreamAnswer } from '../story/upstream-answer.ts'
import { shortPaths } from '../surfaces/http/short-path.ts'
import { readProxyTarget } from '../surfaces/http/target.ts'
import { readHead } from './head.ts'
import { InboundCall } from './inbound-call.ts'
import { discardRest, refuse } from './refuse.ts'

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

/** Up to here a body goes out in one write with its head; beyond it copying would cost more than it saves. */
const oneWriteBytes = 16 * 1024

/** Each byte as the character of that number: node joins text with the head, and writes the same bytes. */
const latin1 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1')

const encryptedHead = [
  'content-type',
  encryptedMediaType,
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
]

const recordLost: Failure = {
  reason: 'dependency_down',
  dependency: 'audit',
  cause: 'the record could not be kept',
}

interface ExchangeDeps extends DataPathOptions {
  readonly recorder: Recorder
  readonly inFlight: ReturnType<typeof createInFlight>
}

/** One call on its socket: turns the story's outcome into an answer and one record. */
class Exchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #call: InboundCall
  readonly #deps: ExchangeDeps
  #told: ProxyOutcome | undefined
  #answer: UpstreamAnswer | undefined
  #bytesOut = 0
  #over = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    call: InboundCall,
    deps: ExchangeDeps,
  ) {
    this.#request = request
    this.#response = response
    this.#call = call
    this.#deps = deps
    response.on('close', () => {
      if (!this.#over) call.open?.stop({ reason: 'caller_aborted' })
    })
  }

  settle(told: ProxyOutcome): void {
    this.#told = told
    if (!told.result.ok) {
      this.#refuse(told.result.error)
      return
    }
    const { answer, answerHeaders, unsealed } = told.result.value
    this.#answer = answer
    if (unsealed) {
      this.#sendEncrypted(unsealed.reply, answerHeaders)
      return
    }
    const whole = answer.complete()
    if (whole && whole.trailers.length === 0) this.#sendWhole(answerHeaders, whole.body)
    else this.#sendStream(answerHeaders)
  }

  #sendWhole(headers: string[], body: Uint8Array | undefined): void {
    this.#bytesOut = body?.length ?? 0
    this.#conclude(
      () => {
        if (!this.#writeHead(headers)) return
        if (body && body.length <= oneWriteBytes) this.#response.end(latin1(body), 'latin1')
        else this.#response.end(body)
        discardRest(this.#request)
      },
      () => refuse(this.#request, this.#response, recordLost, undefined),
    )
  }

  #sendStream(headers: string[]): void {
    const answer = this.#answer as UpstreamAnswer
    const response = this.#response
    if (!this.#writeHead(headers)) return
    response.on('drain', () => {
      this.#call.moved()
      answer.resume()
    })
    answer.pipe({
      data: (chunk) => {
        this.#bytesOut += chunk.length
        if (response.destroyed) return false
        const ready = response.write(chunk)
        if (!ready) this.#call.moved()
        return ready
      },
      ended: (trailers) =>
        this.#conclude(
          () => {
            this.#addTrailers(trailers)
            response.end()
            discardRest(this.#request)
          },
          () => response.destroy(),
        ),
      failed: (failure) => {
        this.#record(failure)
        // A clean end would make half an answer look whole.
        response.destroy()
      },
    })
    if (!this.#over && this.#bytesOut === 0) response.flushHeaders()
  }

  /** One encrypted piece a line (U10). What the upstream said, status and headers too, is inside. */
  #sendEncrypted(reply: Unsealed['reply'], headers: string[]): void {
    const answer = this.#answer as UpstreamAnswer
    const response = this.#response
    const isOpen = () =>
      !response.destroyed && (response.headersSent || this.#writeHead(encryptedHead, 200))
    const sink = new EncryptedAnswer(
      reply,
      { status: answer.status, headers },
      {
        write: (line) => {
          this.#bytesOut += line.length
          if (isOpen() && !response.write(line)) this.#call.moved()
        },
        finish: (line) => {
          this.#bytesOut += line.length
          this.#conclude(
            () => {
              if (!isOpen()) return
              response.end(line)
              discardRest(this.#request)
            },
            () => {
              if (response.headersSent) response.destroy()
              else refuse(this.#request, response, recordLost, undefined)
            },
          )
        },
        failed: (failure) => {
          answer.stop(failure)
          this.#record(failure)
          if (failure.reason === 'bug') this.#deps.report?.(failure.cause, undefined)
          response.destroy()
        },
        ready: () => {
          if (!response.writableNeedDrain) answer.resume()
        },
      },
    )
    response.on('drain', () => {
      this.#call.moved()
      answer.resume()
    })
    answer.pipe(sink)
  }

  #writeHead(headers: string[], status = (this.#answer as UpstreamAnswer).status): boolean {
    if (this.#response.destroyed) return false
    try {
      this.#response.writeHead(status, headers)
      return true
    } catch (cause) {
      this.#deps.report?.(cause, undefined)
      this.#response.destroy()
      return false
    }
  }

  #addTrailers(trailers: HeaderList): void {
    if (trailers.length === 0) return
    const list = passableTrailers(trailers, new Set())
    const pairs: [string, string][] = []
    for (let index = 0; index < list.length; index += 2)
      pairs.push([list[index] as string, list[index + 1] as string])
    try {
      this.#response.addTrailers(pairs)
    } catch {
      // A trailer that is no valid field is dropped: the body before it is whole.
    }
  }

  /** The record first, then the end of the answer: what cannot be recorded is not handed out. */
  #conclude(kept: () => void, lost: () => void): void {
    if (this.#response.destroyed) {
      this.#record({ reason: 'caller_aborted' })
      return
    }
    if (this.#record(undefined) === undefined) lost()
    else if (this.#deps.durable)
      void this.#deps.recorder.settled().then((onDisk) => (onDisk ? kept() : lost()))
    else kept()
  }

  #refuse(failure: Failure): void {
    const recordId = this.#record(failure)
    if (failure.reason === 'bug') this.#deps.report?.(failure.cause, recordId)
    if (failure.reason === 'caller_aborted') {
      this.#response.destroy()
      return
    }
    const answer = (kept: boolean) =>
      refuse(this.#request, this.#response, kept ? failure : recordLost, recordId)
    if (recordId === undefined) answer(false)
    else if (this.#deps.durable) void this.#deps.recorder.settled().then(answer)
    else answer(true)
  }

  #record(failure: Failure | undefined): string | undefined {
    if (this.#over) return undefined
    this.#over = true
    const { open } = this.#call
    if (open) this.#deps.inFlight.remove(open)
    const told = this.#told as ProxyOutcome
    return this.#deps.recorder.record({
      call: this.#call,
      reached: told.reached,
      token: told.gathered.token,
      method: told.gathered.method,
      path: told.gathered.path,
      scope: told.gathered.scope,
      failure,
      upstreamStatus: this.#answer?.status ?? told.gathered.answer?.status,
      bytesIn: this.#call.bytesIn,
      bytesOut: this.#bytesOut,
      endedAt: this.#deps.clock.now(),
    })
  }
}
