import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { AthContext } from './native/context.ts'
import { createAthApp } from './native/ath-app.ts'
import { carriedHeader } from './native/carried-call.ts'
import { pathOf } from './native/app-request.ts'
import { nodeRequest, withoutCredentials, writeNodeAnswer } from './native/node-request.ts'
import type { AthOptions } from './native/options.ts'
import type { GuardOptions } from './native/guard-options.ts'
import type { Door, Visit } from './native/visit.ts'

declare global {
  namespace Express {
    interface Request {
      /** The agent behind the request; undefined when a person, or nobody known, is. */
      ath?: AthContext
    }
  }
}

/** ATH as Express middleware: mount it before the routes it protects. */
export interface ExpressAth<Scope extends string> extends RequestHandler {
  /**
   * Lets in agents with this scope alone. Requests without an agent are refused with 401, or go on to the app's own rules
   * with `others: 'next'`.
   */
  requireScope(scope: Scope, options?: GuardOptions<Request>): RequestHandler
  /** Resolves once agents can be let in; rejects with what is wrong. */
  ready(): Promise<void>
  close(): Promise<void>
}

/** Speaks ATH for an Express app: `app.use(ath(options))`. Throws `AthSetupError` for options that cannot work. */
export function ath<const Scope extends string>(options: AthOptions<Scope>): ExpressAth<Scope> {
  const app = createAthApp<Scope>(options)
  const visits = new WeakMap<Request, Visit<Scope>>()

  const requestOf = (req: Request) =>
    nodeRequest({
      raw: req,
      target: req.originalUrl,
      ip: req.ip,
      parsed: () => req.body as unknown,
    })

  function visitOf(req: Request, res: Response): Visit<Scope> {
    const known = visits.get(req)
    if (known) return known
    const visit = app.visit(requestOf(req))
    visits.set(req, visit)
    res.once('close', () => visit.finish(res.writableFinished ? res.statusCode : undefined))
    visit.onEnd(() => res.destroy())
    return visit
  }

  async function goThrough(door: Door<Scope>, req: Request, res: Response, next: NextFunction) {
    if (door.kind === 'refused') return writeNodeAnswer(door.answer, res)
    if (door.kind === 'agent') req.ath = door.ath as AthContext
    next()
  }

  const middleware: RequestHandler = (req, res, next) => {
    const request = requestOf(req)
    if (app.owns(pathOf(request))) {
      app
        .answer(request)
        .then((answer) => writeNodeAnswer(answer, res))
        .catch(next)
      return
    }
    const visit = visitOf(req, res)
    delete req.headers[carriedHeader]
    if (!visit.isAgent) return next()
    visit
      .enter()
      .then((door) => {
        withoutCredentials(req)
        keepMethod(req)
        return goThrough(door, req, res, next)
      })
      .catch(next)
  }

  const requireScope = (scope: Scope, guard: GuardOptions<Request> = {}): RequestHandler => {
    app.checkGuard(scope, guard)
    return (req: Request, res: Response, next: NextFunction) =>
      void visitOf(req, res)
        .require(scope, guard, req)
        .then((door) => goThrough(door, req, res, next))
        .catch(next)
  }

  return Object.assign(middleware, {
    requireScope,
    ready: () => app.ready(),
    close: () => app.close(),
  })
}

/** The scope map has looked at it: a later `method-override` fails rather than pass by. */
const keepMethod = (req: Request): void =>
  void Object.defineProperty(req, 'method', { value: req.method, writable: false })
