import type { Context, MiddlewareHandler } from 'hono'
import {
  concluded,
  type FetchRequest,
  fetchRequest,
  toResponse,
  withoutCredentials,
} from './fetch.ts'
import { pathOf } from './native/app-request.ts'
import { createAthApp } from './native/ath-app.ts'
import type { AthContext } from './native/context.ts'
import type { GuardOptions } from './native/guard-options.ts'
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

  const askedOf = (context: Context): FetchRequest =>
    fetchRequest(context.req.raw, { ip: ip(context) }, () => context.req.arrayBuffer())
  const visitOf = (context: Context, asked = askedOf(context)): Visit<Scope> => {
    const visit = visits.get(context) ?? app.visit(asked)
    visits.set(context, visit)
    return visit
  }
  const goOn = async (visit: Visit<Scope>, context: Context, next: () => Promise<void>) => {
    if (!visit.isWatched) return next()
    const answer = await concluded(visit, async () => {
      await next()
      return context.res
    })
    // Its headers would be joined to those of the answer it takes the place of.
    context.res = undefined
    context.res = answer
  }

  const middleware: MiddlewareHandler = async (context, next) => {
    const asked = askedOf(context)
    if (app.owns(pathOf(asked))) return toResponse(await app.answer(asked))
    const visit = visitOf(context, asked)
    if (!visit.isAgent) return next()
    const door = await visit.enter()
    if (door.kind === 'refused') return toResponse(door.answer)
    if (door.kind === 'agent') context.set('ath', door.ath as AthContext)
    context.req.raw = asked.now = withoutCredentials(context.req.raw)
    return goOn(visit, context, next)
  }

  return Object.assign(middleware, {
    requireScope: (scope: Scope, guard: GuardOptions<Context> = {}): MiddlewareHandler => {
      app.checkGuard(scope, guard)
      return async (context, next) => {
        const visit = visitOf(context)
        const door = await visit.require(scope, guard, context)
        if (door.kind === 'refused') return toResponse(door.answer)
        if (door.kind === 'agent') context.set('ath', door.ath as AthContext)
        return goOn(visit, context, next)
      }
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
