import { systemClock } from '../adapters/system/clock.ts'
import type { Failure, Result } from '@ath-protocol/types'
import { normalizePath } from '../proxy/normalize-path.ts'
import type { ScopeMap } from '../proxy/scope-map.ts'
import type { OpenCall } from '../story/in-flight.ts'
import type { LiveGrant, LiveToken } from '../story/live-token.ts'
import { type AdmissionOutcome, admissionStory } from '../story/story.ts'
import { hashBody } from '../step-up/request.ts'
import { requireStepUp, stepUpHeader } from '../step-up/require-step-up.ts'
import type { AppParts } from './app-parts.ts'
import { type AppAnswer, type AppRequest, headerOf, pathOf, proxyCallOf } from './app-request.ts'
import { refusal } from './app-answer.ts'
import { isCarried, openCarried } from './carried-call.ts'
import type { AthContext } from './context.ts'
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

/** What a route needs of an agent. */
export interface Need<Scope extends string> {
  readonly scope: Scope
  /** The person has to confirm this very request. */
  readonly stepUp?: boolean
  /** What it means, in the app's words, for the person who confirms it. */
  readonly summary?: string
}

/** The longest request that a person can be asked to confirm. */
const confirmedBytes = 1024 * 1024
const noScope: ReadonlySet<string> = new Set()

/** One request to a route of the app: let in by the scope map, by guards, or not; and recorded once, however it ended. */
export class Visit<Scope extends string = string> {
  #request: AppRequest
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
    this.#carried = isCarried(request)
    this.#bearsToken = options.bearsToken || this.#carried
  }

  get isAgent(): boolean {
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
  require(need: Need<Scope>): Promise<Door<Scope>> {
    if (!this.#bearsToken)
      return Promise.resolve({ kind: 'refused', answer: refusal({ reason: 'token_absent' }) })
    return this.#guarded(async (parts) => {
      if (this.#carried && !this.#ath) {
        const opened = openCarried(this.#request, { seal: parts.seal, clock: parts.ports.clock })
        if (!opened) return this.#refuse(parts, { reason: 'token_malformed' })
        this.#request = opened
      }
      const door = this.#ath
        ? this.#checkScope(this.#ath, need.scope)
        : await this.#admit(parts, onlyScope(need.scope))
      if (door.kind !== 'agent' || !need.stepUp) return door
      const confirmed = await this.#stepUp(parts, need)
      return confirmed.ok ? door : this.#refuse(parts, confirmed.error)
    })
  }

  /** The app has answered, or its caller has left: the record. */
  finish(status: number | undefined): void {
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
      this.#parts.ports.report(cause, '')
      return { kind: 'refused', answer: refusal({ reason: 'bug', cause }) }
    }
  }

  #isNamed(scopeMap: ScopeMap): boolean {
    const path = normalizePath(pathOf(this.#request))
    if (!path.ok) return true
    const verdict = scopeMap.admit(this.#request.method, path.value, noScope)
    return verdict.allowed || verdict.anyOf.length > 0
  }

  async #admit(parts: AppParts, scopeMap: ScopeMap): Promise<Door<Scope>> {
    const rawPath = pathOf(this.#request)
    const call = proxyCallOf(this.#request, {
      providerId: this.#settings.appId,
      rawPath,
      query: this.#request.target.slice(rawPath.length),
      startedAt: this.#startedAt,
      opened: () => {},
    })
    this.#outcome = await admissionStory.tell(parts.callPorts(scopeMap), { call })
    const { result } = this.#outcome
    if (!result.ok) return this.#refuse(parts, result.error)
    const { token, scope } = result.value
    this.#hold(parts, token)
    this.#ath = await contextOf<Scope>(parts, token, scope, this.#abort.signal)
    return { kind: 'agent', ath: this.#ath }
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

  async #stepUp(parts: AppParts, need: Need<Scope>): Promise<Result<void, Failure>> {
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
        scope: { providerId: this.#settings.appId, name: need.scope },
        request: {
          grantId: token.grant.id,
          method: this.#request.method,
          target: this.#request.target,
          bodyHash: hashBody(body.value),
          ...(need.summary === undefined ? {} : { summary: need.summary }),
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
