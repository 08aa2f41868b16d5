import type { Context, MiddlewareHandler } from 'hono'
import { concluded, fetchRequest, toResponse, withoutToken } from './fetch.ts'
import { pathOf } from './native/app-request.ts'
import { createAthApp } from './native/ath-app.ts'
import type { AthContext } from './native/context.ts'
import { type GuardOptions, needOf } from './native/guard-options.ts'
import type { AthOptions } from './native/options.ts'
import type { Visit } from './native/visit.ts'

declare module 'hono' {
  interface ContextVariableMap {
    /** The agent behind the request; undefined when a person, or nobody known, is. */
    ath: AthContext | undefined
  }
}

export interface HonoOptions {
  /** The caller's address, as your server knows it: `(c) => getConnInfo(c).remote.address`. */
  readonly ip?: (context: Context) => string | undefined
}

/** ATH as Hono middleware: mount it before the routes it protects. */
export interface HonoAth<Scope extends string> extends MiddlewareHandler {
  /** Lets in agents with this scope alone; others are refused with 401, or go on with `others: 'next'`. */
  requireScope(scope: Scope, options?: GuardOptions<Context>): MiddlewareHandler
  ready(): Promise<void>
  close(): Promise<void>
}

/** Speaks ATH for a Hono app: `app.use(ath(options))`. Throws `AthSetupError` for options that cannot work. */
export function ath<const Scope extends string>(
  options: AthOptions<Scope>,
  { ip = nodeAddress }: HonoOptions = {},
): HonoAth<Scope> {
  const app = createAthApp<Scope>(options)
  const visits = new WeakMap<Context, Visit<Scope>>()

  const visitOf = (context: Context): Visit<Scope> => {
    const visit =
      visits.get(context) ?? app.visit(fetchRequest(context.req.raw, { ip: ip(context) }))
    visits.set(context, visit)
    return visit
  }
  const goOn = (visit: Visit<Scope>, context: Context, next: () => Promise<void>) =>
    concluded(visit, async () => {
      await next()
      return context.res
    }).then(() => undefined)

  const middleware: MiddlewareHandler = async (context, next) => {
    const request = fetchRequest(context.req.raw, { ip: ip(context) })
    if (app.owns(pathOf(request))) return toResponse(await app.answer(request))
    const visit = visitOf(context)
    const door = await visit.enter()
    if (door.kind === 'refused') return toResponse(door.answer)
    if (door.kind === 'agent') context.set('ath', door.ath as AthContext)
    if (door.kind === 'unnamed') context.req.raw = withoutToken(context.req.raw)
    return goOn(visit, context, next)
  }

  return Object.assign(middleware, {
    requireScope:
      (scope: Scope, guard: GuardOptions<Context> = {}): MiddlewareHandler =>
      async (context, next) => {
        const visit = visitOf(context)
        if (!visit.isAgent && guard.others === 'next') return next()
        const door = await visit.require(await needOf(scope, guard, context))
        if (door.kind === 'refused') return toResponse(door.answer)
        if (door.kind === 'agent') context.set('ath', door.ath as AthContext)
        return goOn(visit, context, next)
      },
    ready: () => app.ready(),
    close: () => app.close(),
  })
}

/** What @hono/node-server leaves in the environment of a request. */
function nodeAddress({ env }: Context): string | undefined {
  const { incoming } = (env ?? {}) as {
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
  }
  return incoming?.socket?.remoteAddress
}
