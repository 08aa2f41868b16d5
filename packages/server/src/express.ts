import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { AthContext } from './native/context.ts'
import { createAthApp } from './native/ath-app.ts'
import { carriedHeader } from './native/carried-call.ts'
import { pathOf } from './native/app-request.ts'
import { nodeRequest, writeNodeAnswer } from './native/node-request.ts'
import type { AthOptions } from './native/options.ts'
import type { GuardOptions } from './native/guard-options.ts'
import { needOf } from './native/guard-options.ts'
import type { Visit } from './native/visit.ts'

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
    return visit
  }

  const middleware: RequestHandler = (req, res, next) => {
    const request = requestOf(req)
    if (app.owns(pathOf(request))) {
      void app.answer(request).then((answer) => writeNodeAnswer(answer, res), next)
      return
    }
    const visit = visitOf(req, res)
    delete req.headers[carriedHeader]
    if (!visit.isAgent) return next()
    void visit.enter().then((door) => {
      if (door.kind === 'refused') return writeNodeAnswer(door.answer, res)
      if (door.kind === 'agent') req.ath = door.ath as AthContext
      // The token says nothing to the app's own log-in; without a guard it opens nothing.
      if (door.kind === 'unnamed') delete req.headers.authorization
      return next()
    }, next)
  }

  const requireScope =
    (scope: Scope, guard: GuardOptions<Request> = {}): RequestHandler =>
    (req: Request, res: Response, next: NextFunction) => {
      const visit = visitOf(req, res)
      if (!visit.isAgent && guard.others === 'next') return next()
      void needOf(scope, guard, req)
        .then((need) => visit.require(need))
        .then((door) => {
          if (door.kind === 'refused') return writeNodeAnswer(door.answer, res)
          if (door.kind === 'agent') req.ath = door.ath as AthContext
          return next()
        })
        .catch(next)
    }

  return Object.assign(middleware, {
    requireScope,
    ready: () => app.ready(),
    close: () => app.close(),
  })
}
