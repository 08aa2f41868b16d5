import { type AppAnswer, type AppRequest, pathOf } from './native/app-request.ts'
import { createAthApp } from './native/ath-app.ts'
import { credentialHeaders, plainAddress } from './native/node-request.ts'
import type { AthContext } from './native/context.ts'
import type { GuardOptions } from './native/guard-options.ts'
import type { AthOptions } from './native/options.ts'
import type { Visit } from './native/visit.ts'
import { type Failure, fail, ok } from '@ath-protocol/types'

/** What the server knows of a request beside it. */
export interface RequestInfo {
  /** The caller's address, after whatever proxies you trust; limits on networks need it. */
  readonly ip?: string | undefined
}

/** An app's route behind the door. `ath` is undefined when no agent asks. */
export type FetchRoute<Scope extends string> = (
  request: Request,
  ath: AthContext<Scope> | undefined,
) => Response | Promise<Response>

/** ATH on the platform's Request and Response, for whatever else speaks them. */
export interface FetchAth<Scope extends string> {
  /** The whole app behind ATH: its own addresses, then yours, where agents need a scope that opens the route. */
  protect(route: FetchRoute<Scope>): (request: Request, info?: RequestInfo) => Promise<Response>
  /** One route behind a guard; use it inside `protect`, or alone. */
  requireScope(
    scope: Scope,
    route: FetchRoute<Scope>,
    options?: GuardOptions<Request>,
  ): (request: Request, info?: RequestInfo) => Promise<Response>
  ready(): Promise<void>
  close(): Promise<void>
}

/** Speaks ATH for an app on `fetch(Request) → Response`. Throws `AthSetupError` for options that cannot work. */
export function ath<const Scope extends string>(options: AthOptions<Scope>): FetchAth<Scope> {
  const app = createAthApp<Scope>(options)
  const visits = new WeakMap<Request, Visit<Scope>>()

  const visitOf = (request: Request, asked: FetchRequest): Visit<Scope> => {
    const visit = visits.get(request) ?? app.visit(asked)
    visits.set(request, visit)
    return visit
  }

  return {
    protect: (route) => async (request, info) => {
      const asked = fetchRequest(request, info)
      if (app.owns(pathOf(asked))) return toResponse(await app.answer(asked))
      const visit = visitOf(request, asked)
      if (!visit.isAgent) return route(request, undefined)
      const door = await visit.enter()
      if (door.kind === 'refused') return toResponse(door.answer)
      const shown = withoutCredentials(request)
      asked.now = shown
      visits.set(shown, visit)
      return concluded(visit, () => route(shown, door.kind === 'agent' ? door.ath : undefined))
    },
    requireScope: (scope, route, guard = {}) => {
      app.checkGuard(scope, guard)
      return async (request, info) => {
        const visit = visitOf(request, fetchRequest(request, info))
        const door = await visit.require(scope, guard, request)
        if (door.kind === 'refused') return toResponse(door.answer)
        return concluded(visit, () => route(request, door.kind === 'agent' ? door.ath : undefined))
      }
    },
    ready: () => app.ready(),
    close: () => app.close(),
  }
}

/** Without what an agent or its user could prove who they are with: the app's own log-in is not to answer to it. */
export function withoutCredentials(request: Request): Request {
  const headers = new Headers(request.headers)
  for (const name of credentialHeaders) headers.delete(name)
  return new Request(request, { headers })
}

/** The app's answer to an agent, which breaks off when its permission ends, and the record when it is over. */
export async function concluded(
  visit: Pick<Visit, 'finish' | 'onEnd' | 'isWatched'>,
  route: () => Response | Promise<Response>,
): Promise<Response> {
  if (!visit.isWatched) return route()
  let response: Response
  try {
    response = await route()
  } catch (cause) {
    visit.finish(500)
    throw cause
  }
  const { status, body } = response
  if (body === null) {
    visit.finish(status)
    return response
  }
  return new Response(passed(body, visit, status), response)
}

/** Whoever wraps it again, guard or middleware: the visit is recorded once. */
function passed(
  body: ReadableStream<Uint8Array>,
  visit: Pick<Visit, 'finish' | 'onEnd'>,
  status: number,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>({
    start(controller) {
      visit.onEnd(() => {
        controller.error(new Error('the permission ended'))
        void reader.cancel().catch(() => {})
        visit.finish(undefined)
      })
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        visit.finish(status)
        controller.close()
      } catch (cause) {
        visit.finish(500)
        controller.error(cause)
      }
    },
    async cancel(reason) {
      visit.finish(undefined)
      await reader.cancel(reason)
    },
  })
}

/** A request to an app, and what became of it: the app may get another one in its place, with the same body. */
export interface FetchRequest extends AppRequest {
  now: Request
}

/**
 * The body is read from a copy, and the copy is made when it is needed: the half of a body that nobody reads is kept in
 * memory. `cached`: what the framework still has of a body that was read.
 */
export function fetchRequest(
  request: Request,
  info: RequestInfo = {},
  cached?: () => Promise<ArrayBuffer>,
): FetchRequest {
  const url = new URL(request.url)
  const headers: string[] = []
  for (const [name, value] of request.headers) headers.push(name, value)
  let kept: Request | undefined
  let whole: Uint8Array | undefined
  const asked: FetchRequest = {
    method: request.method,
    target: `${url.pathname}${url.search}`,
    headers,
    ip: plainAddress(info.ip),
    now: request,
    async body(limitBytes) {
      try {
        const source = kept ?? (asked.now.bodyUsed ? undefined : asked.now.clone())
        kept = undefined
        if (!whole) {
          const read = source ? await readUpTo(source.body, limitBytes) : await cached?.()
          if (!read) return fail(read === undefined && !source ? readBefore : overLimit(limitBytes))
          whole = new Uint8Array(read)
        }
        return whole.length > limitBytes ? fail(overLimit(limitBytes)) : ok(whole)
      } catch {
        return fail({ reason: 'caller_aborted' })
      }
    },
    keepBody() {
      if (asked.now.body !== null && !asked.now.bodyUsed) kept = asked.now.clone()
      return () => void kept?.body?.cancel().catch(() => {})
    },
  }
  return asked
}

const overLimit = (limitBytes: number): Failure => ({ reason: 'body_over_limit', limitBytes })
const readBefore: Failure = {
  reason: 'request_malformed',
  errors: [{ path: '', problem: 'the body was read before anybody could look at it' }],
}

/** Undefined when it is longer. */
async function readUpTo(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.length
    if (length > limitBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function toResponse({ status, headers, body }: AppAnswer): Response {
  const fields = new Headers()
  for (let index = 0; index < headers.length; index += 2)
    fields.append(headers[index] as string, headers[index + 1] as string)
  const empty =
    body === undefined || body === '' || status === 204 || status === 205 || status === 304
  return new Response(empty ? null : (body as ConstructorParameters<typeof Response>[0]), {
    status,
    headers: fields,
  })
}
