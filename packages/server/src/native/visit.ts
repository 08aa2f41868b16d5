import { systemClock } from '../adapters/system/clock.ts'
import type { Failure, Result } from '@ath-protocol/types'
import { normalizePath } from '../proxy/normalize-path.ts'
import type { ScopeMap } from '../proxy/scope-map.ts'
import type { OpenCall } from '../story/in-flight.ts'
import { DependencyDown } from '../story/dependency-down.ts'
import { endOf, type LiveGrant, type LiveToken } from '../story/live-token.ts'
import { type AdmissionOutcome, admissionStory } from '../story/story.ts'
import { hashBody } from '../step-up/request.ts'
import { requireStepUp, stepUpHeader } from '../step-up/require-step-up.ts'
import type { AppParts } from './app-parts.ts'
import { type AppAnswer, type AppRequest, headerOf, pathOf, proxyCallOf } from './app-request.ts'
import { refusal } from './app-answer.ts'
import { isCarried, openCarried } from './carried-call.ts'
import type { AthContext } from './context.ts'
import type { GuardOptions } from './guard-options.ts'
import { onlyScope } from './only-scope.ts'
import type { NativeSettings } from './settings.ts'

/** How a route's door stands for a request. */
export type Door<Scope extends string> =
  /** Nobody's agent: the app's own rules decide. */
  | { readonly kind: 'person' }
  /** An agent at a path that no scope names: a guard on the route may let it in, and nothing else does. */
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'agent'; readonly ath: AthContext<Scope> }
  | { readonly kind: 'refused'; readonly answer: AppAnswer }

/** The longest request that a person can be asked to confirm. */
const confirmedBytes = 1024 * 1024
const noScope: ReadonlySet<string> = new Set()

/** One request to a route of the app: let in by the scope map, by guards, or not; and recorded once, however it ended. */
export class Visit<Scope extends string = string> {
  #request: AppRequest
  /** The app answers in the clear: what is encrypted goes by the proxy path, which opens it. */
  #encryption: 'refused' | 'opened' = 'refused'
  readonly #opening: Promise<AppParts>
  readonly #settings: NativeSettings
  readonly #bearsToken: boolean
  /** It came by the proxy path, where it was let in and is recorded; guards still have their say. */
  readonly #carried: boolean
  readonly #startedAt = systemClock.now()
  readonly #abort = new AbortController()
  #parts: AppParts | undefined
  #outcome: AdmissionOutcome | undefined
  #ath: AthContext<Scope> | undefined
  #open: OpenCall | undefined
  #over = false
  #left = false

  constructor(
    request: AppRequest,
    options: {
      readonly opening: Promise<AppParts>
      readonly settings: NativeSettings
      /** Whether it comes with a token of ours at all. */
      readonly bearsToken: boolean
    },
  ) {
    this.#request = request
    this.#opening = options.opening
    this.#settings = options.settings
    // Beside a token it is somebody's own invention.
    this.#carried = !options.bearsToken && isCarried(request)
    this.#bearsToken = options.bearsToken || this.#carried
  }

  /** Whether it comes with a token of ours; what came by the proxy path has the user's own. */
  get isAgent(): boolean {
    return this.#bearsToken && !this.#carried
  }

  /** Whether an agent is behind it, whichever way it came: then somebody has to say when it is over. */
  get isWatched(): boolean {
    return this.#bearsToken
  }

  /** The way in by the scope map. */
  enter(): Promise<Door<Scope>> {
    if (!this.#bearsToken || this.#carried) return Promise.resolve({ kind: 'person' })
    return this.#guarded(async (parts) => {
      const { scopeMap, hasGuards } = this.#settings
      if (hasGuards && !this.#isNamed(scopeMap)) return { kind: 'unnamed' }
      return this.#admit(parts, scopeMap)
    })
  }

  /** A guard on a route. Once let in by the map, the scope and the confirmation are all that is asked besides. */
  async require<Request>(
    scope: Scope,
    guard: GuardOptions<Request>,
    request: Request,
  ): Promise<Door<Scope>> {
    if (!this.#bearsToken) return this.#others(guard)
    const door = await this.#guarded(async (parts) => {
      if (this.#ath) return this.#checkScope(this.#ath, scope)
      if (this.#carried) {
        const opened = openCarried(this.#request, { seal: parts.seal, clock: parts.ports.clock })
        if (!opened) return this.#refuse(parts, { reason: 'token_malformed' })
        this.#request = opened.request
        if (opened.opened) this.#encryption = 'opened'
      }
      return this.#admit(parts, onlyScope(scope))
    })
    if (door.kind !== 'agent' || !guard.stepUp) return door
    // The app may read the body to decide; the person confirms the body as it came.
    const letGo = this.#request.keepBody()
    try {
      if (!(await guard.stepUp(request))) return door
      const summary = await guard.describe?.(request)
      return await this.#guarded(async (parts) => {
        const confirmed = await this.#stepUp(parts, scope, summary)
        if (!confirmed.ok) return this.#refuse(parts, confirmed.error)
        return this.#stillGood(parts) ?? door
      })
    } catch (cause) {
      // The app's own question failed: its error handler answers, and the route stays shut.
      this.finish(500)
      throw cause
    } finally {
      letGo()
    }
  }

  /** The app has answered, or its caller has left: the record. */
  finish(status: number | undefined): void {
    this.#left = true
    if (this.#carried) this.#release()
    else if (this.#parts && this.#outcome?.result.ok)
      this.#record(
        this.#parts,
        status === undefined ? { reason: 'caller_aborted' } : undefined,
        status,
      )
  }

  /** Its record is made where it came by. */
  #release(): void {
    if (this.#open && this.#parts) this.#parts.inFlight.remove(this.#open)
    this.#over = true
  }

  /** Called when the permission ends while the request is under way: nothing more may reach the agent. */
  onEnd(stop: () => void): void {
    this.#abort.signal.addEventListener('abort', stop, { once: true })
  }

  /** Requests without a token of ours. */
  #others({ others }: Pick<GuardOptions<never>, 'others'>): Door<Scope> {
    return others === 'next'
      ? { kind: 'person' }
      : { kind: 'refused', answer: refusal({ reason: 'token_absent' }) }
  }

  /** Nobody gets in where something is closed or broken. */
  async #guarded(use: (parts: AppParts) => Promise<Door<Scope>>): Promise<Door<Scope>> {
    try {
      this.#parts = await this.#opening
    } catch (cause) {
      const down: Failure = { reason: 'dependency_down', dependency: 'ath', cause: String(cause) }
      return { kind: 'refused', answer: refusal(down) }
    }
    try {
      return await use(this.#parts)
    } catch (cause) {
      return this.#refuse(this.#parts, failureOf(cause))
    }
  }

  #isNamed(scopeMap: ScopeMap): boolean {
    const path = normalizePath(pathOf(this.#request))
    if (!path.ok) return true
    const verdict = scopeMap.admit(this.#request.method, path.value, noScope)
    return verdict.allowed || verdict.anyOf.length > 0
  }

  async #admit(parts: AppParts, scopeMap: ScopeMap): Promise<Door<Scope>> {
    const override = methodOverrides.find((name) => headerOf(this.#request, name) !== undefined)
    if (override !== undefined)
      return this.#refuse(parts, {
        reason: 'request_malformed',
        errors: [{ path: '', problem: `\`${override}\` names another method than was asked for` }],
      })
    const rawPath = pathOf(this.#request)
    const call = proxyCallOf(this.#request, {
      providerId: this.#settings.appId,
      rawPath,
      query: this.#request.target.slice(rawPath.length),
      startedAt: this.#startedAt,
      opened: () => {},
      encryption: this.#encryption,
    })
    this.#outcome = await admissionStory.tell(parts.callPorts(scopeMap), { call })
    const { result } = this.#outcome
    if (!result.ok) return this.#refuse(parts, result.error)
    const { token, scope } = result.value
    this.#hold(parts, token)
    this.#ath = await contextOf<Scope>(parts, token, scope, this.#abort.signal)
    // Whoever left meanwhile told us before there was anything to record.
    if (this.#left) return this.#refuse(parts, { reason: 'caller_aborted' })
    return this.#stillGood(parts) ?? { kind: 'agent', ath: this.#ath }
  }

  /** Names, bodies and questions take time, in which a permission can end. */
  #stillGood(parts: AppParts): Door<Scope> | undefined {
    const token = this.#outcome?.gathered.token as LiveToken
    const ended = endOf(token, parts.ports.clock.now(), this.#request.ip)
    return ended && this.#refuse(parts, ended)
  }

  /** From here on a revocation reaches the request. */
  #hold({ inFlight }: AppParts, token: LiveToken): void {
    this.#open = {
      token,
      ip: this.#request.ip,
      slot: -1,
      stop: (failure) => this.#abort.abort(new DOMException(failure.reason, 'AbortError')),
      stalled: () => undefined,
    }
    inFlight.add(this.#open)
  }

  #checkScope(ath: AthContext<Scope>, scope: Scope): Door<Scope> {
    if (ath.scopes.has(scope)) return { kind: 'agent', ath: { ...ath, scope } }
    return this.#refuse(this.#parts as AppParts, {
      reason: 'scope_not_granted',
      method: this.#request.method,
      path: pathOf(this.#request),
      anyOf: [scope],
    })
  }

  async #stepUp(
    parts: AppParts,
    scope: Scope,
    summary: string | undefined,
  ): Promise<Result<void, Failure>> {
    const token = this.#outcome?.gathered.token as LiveToken
    const body = await this.#request.body(confirmedBytes)
    if (!body.ok) return body
    return requireStepUp(
      { ...parts.ports, replay: parts.replay },
      {
        clientId: token.clientId,
        agentId: token.agentId,
        clientDid: token.clientDid,
        userId: token.userId,
        scope: { providerId: this.#settings.appId, name: scope },
        request: {
          grantId: token.grant.id,
          method: this.#request.method,
          target: this.#request.target,
          bodyType: bodyTypeOf(this.#request),
          bodyHash: hashBody(body.value),
          ...(summary === undefined ? {} : { summary }),
        },
        given: headerOf(this.#request, stepUpHeader),
      },
    )
  }

  #refuse(parts: AppParts, failure: Failure): Door<Scope> {
    const recordId = this.#record(parts, failure, undefined)
    if (failure.reason === 'bug') parts.ports.report(failure.cause, recordId ?? '')
    return { kind: 'refused', answer: refusal(failure, recordId) }
  }

  #record(parts: AppParts, failure: Failure | undefined, status: number | undefined) {
    if (this.#over) return undefined
    this.#over = true
    if (this.#open) parts.inFlight.remove(this.#open)
    const { gathered, reached } = this.#outcome ?? { gathered: {}, reached: 'receive' }
    return parts.recorder.record({
      call: {
        method: this.#request.method,
        providerId: this.#settings.appId,
        rawPath: pathOf(this.#request),
        ip: this.#request.ip,
        startedAt: this.#startedAt,
      },
      reached: failure?.reason.startsWith('step_up') ? 'consent' : reached,
      token: gathered.token,
      method: gathered.method,
      path: gathered.path,
      scope: gathered.scope,
      failure,
      upstreamStatus: status,
      bytesIn: Number(headerOf(this.#request, 'content-length') ?? 0) || 0,
      bytesOut: 0,
      endedAt: parts.ports.clock.now(),
    })
  }
}

/** Some apps obey these after the scope map has looked at the method (R98). */
const methodOverrides = ['x-http-method', 'x-http-method-override', 'x-method-override']

/** How the body is read: the same bytes mean another thing as another type. */
const bodyTypeOf = (request: AppRequest): string =>
  ['content-type', 'content-encoding'].map((name) => headerOf(request, name) ?? '').join('\n')

const failureOf = (cause: unknown): Failure =>
  cause instanceof DependencyDown
    ? { reason: 'dependency_down', dependency: cause.dependency, cause: cause.message }
    : { reason: 'bug', cause }

/** Names do not change while a permission lives; whoever changes one gives another permission. */
const known = new WeakMap<LiveGrant, Promise<Pick<AthContext, 'agent' | 'user'>>>()

async function contextOf<Scope extends string>(
  parts: AppParts,
  token: LiveToken,
  scope: string,
  signal: AbortSignal,
): Promise<AthContext<Scope>> {
  let names = known.get(token.grant)
  if (!names) {
    names = namesOf(parts, token)
    known.set(token.grant, names)
    names.catch(() => known.delete(token.grant))
  }
  return {
    ...(await names),
    scopes: token.scopes as ReadonlySet<Scope>,
    scope: scope as Scope,
    grantId: token.grant.id,
    ...(token.session === undefined ? {} : { sessionId: token.session.id }),
    signal,
  }
}

async function namesOf(
  { ports, logins }: AppParts,
  { agentId, clientId, userId }: LiveToken,
): Promise<Pick<AthContext, 'agent' | 'user'>> {
  const [agent, person] = await Promise.all([
    ports.registry.findByClientId(clientId),
    logins.findUser(userId),
  ])
  return {
    agent: { id: agentId, name: agent?.name ?? agentId, clientId },
    user: { ...person, id: userId },
  }
}
