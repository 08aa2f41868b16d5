import { type AppAnswer, type AppRequest, pathOf } from './native/app-request.ts'
import { createAthApp } from './native/ath-app.ts'
import type { AthContext } from './native/context.ts'
import { type GuardOptions, needOf } from './native/guard-options.ts'
import type { AthOptions } from './native/options.ts'
import type { Visit } from './native/visit.ts'
import { fail, ok } from '@ath-protocol/types'

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

  const visitOf = (request: Request, info?: RequestInfo): Visit<Scope> => {
    const visit = visits.get(request) ?? app.visit(fetchRequest(request, info))
    visits.set(request, visit)
    return visit
  }

  return {
    protect: (route) => async (request, info) => {
      const asked = fetchRequest(request, info)
      if (app.owns(pathOf(asked))) return toResponse(await app.answer(asked))
      const visit = visitOf(request, info)
      const door = await visit.enter()
      if (door.kind === 'refused') return toResponse(door.answer)
      const shown = door.kind === 'unnamed' ? withoutToken(request) : request
      visits.set(shown, visit)
      return concluded(visit, () => route(shown, door.kind === 'agent' ? door.ath : undefined))
    },
    requireScope:
      (scope, route, guard = {}) =>
      async (request, info) => {
        const visit = visitOf(request, info)
        if (!visit.isAgent && guard.others === 'next') return route(request, undefined)
        const door = await visit.require(await needOf(scope, guard, request))
        if (door.kind === 'refused') return toResponse(door.answer)
        return concluded(visit, () => route(request, door.kind === 'agent' ? door.ath : undefined))
      },
    ready: () => app.ready(),
    close: () => app.close(),
  }
}

/** The token says nothing to the app's own log-in; without a guard it opens nothing. */
function withoutToken(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.delete('authorization')
  return new Request(request, { headers })
}

export async function concluded(
  visit: Pick<Visit, 'finish'>,
  route: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    const response = await route()
    visit.finish(response.status)
    return response
  } catch (cause) {
    visit.finish(500)
    throw cause
  }
}

/** The body is read from a copy: the app reads its own. */
export function fetchRequest(request: Request, info: RequestInfo = {}): AppRequest {
  const url = new URL(request.url)
  const headers: string[] = []
  for (const [name, value] of request.headers) headers.push(name, value)
  const copy = request.body === null || request.bodyUsed ? undefined : request.clone()
  let reading: Promise<ArrayBuffer> | undefined
  return {
    method: request.method,
    target: `${url.pathname}${url.search}`,
    headers,
    ip: info.ip ?? 'unknown',
    async body(limitBytes) {
      if (!copy) return ok(new Uint8Array())
      try {
        reading ??= copy.arrayBuffer()
        const body = new Uint8Array(await reading)
        return body.length > limitBytes ? fail({ reason: 'body_over_limit', limitBytes }) : ok(body)
      } catch {
        return fail({ reason: 'caller_aborted' })
      }
    },
  }
}

export function toResponse({ status, headers, body }: AppAnswer): Response {
  const fields = new Headers()
  for (let index = 0; index < headers.length; index += 2)
    fields.append(headers[index] as string, headers[index + 1] as string)
  const empty = body === undefined || body === '' || status === 204 || status === 304
  return new Response(empty ? null : (body as ConstructorParameters<typeof Response>[0]), {
    status,
    headers: fields,
  })
}
