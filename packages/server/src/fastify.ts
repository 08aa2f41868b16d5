import type {
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  preHandlerAsyncHookHandler,
} from 'fastify'
import { carriedHeader } from './native/carried-call.ts'
import { pathOf } from './native/app-request.ts'
import { createAthApp } from './native/ath-app.ts'
import type { AthContext } from './native/context.ts'
import type { GuardOptions } from './native/guard-options.ts'
import { nodeRequest, withoutCredentials, writeNodeAnswer } from './native/node-request.ts'
import type { AppAnswer } from './native/app-request.ts'
import type { AthOptions } from './native/options.ts'
import type { Visit } from './native/visit.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The agent behind the request; undefined when a person, or nobody known, is. */
    ath?: AthContext | undefined
  }
}

/** ATH as a Fastify plugin: register it before the routes it protects. */
export interface FastifyAth<Scope extends string> extends FastifyPluginAsync {
  /** A `preHandler` that lets in agents with this scope alone; others are refused with 401, or go on with `others: 'next'`. */
  requireScope(scope: Scope, options?: GuardOptions<FastifyRequest>): preHandlerAsyncHookHandler
  ready(): Promise<void>
  close(): Promise<void>
}

/** Speaks ATH for a Fastify app: `await app.register(ath(options))`. Throws `AthSetupError` for options that cannot work. */
export function ath<const Scope extends string>(options: AthOptions<Scope>): FastifyAth<Scope> {
  const app = createAthApp<Scope>(options)
  const visits = new WeakMap<FastifyRequest, Visit<Scope>>()

  const requestOf = (request: FastifyRequest) =>
    nodeRequest({
      raw: request.raw,
      target: request.originalUrl,
      ip: request.ip,
      parsed: () => request.body,
    })
  const visitOf = (request: FastifyRequest): Visit<Scope> => {
    const visit = visits.get(request) ?? app.visit(requestOf(request))
    visits.set(request, visit)
    return visit
  }
  const send = async (reply: FastifyReply, answer: AppAnswer) => {
    reply.hijack()
    await writeNodeAnswer(answer, reply.raw)
  }

  const plugin: FastifyPluginAsync = async (fastify) => {
    fastify.decorateRequest('ath', undefined)
    fastify.addHook('onRequest', async (request, reply) => {
      const asked = requestOf(request)
      if (app.owns(pathOf(asked))) return send(reply, await app.answer(asked))
      const visit = visitOf(request)
      delete request.raw.headers[carriedHeader]
      if (!visit.isWatched) return
      reply.raw.once('close', () =>
        visit.finish(reply.raw.writableFinished ? reply.raw.statusCode : undefined),
      )
      visit.onEnd(() => reply.raw.destroy())
      if (!visit.isAgent) return
      const door = await visit.enter()
      withoutCredentials(request.raw)
      if (door.kind === 'refused') return send(reply, door.answer)
      if (door.kind === 'agent') request.ath = door.ath as AthContext
    })
    fastify.addHook('onClose', () => app.close())
  }

  return Object.assign(plugin, {
    // Its hooks are for the whole app, not for routes registered inside it (Fastify's plugin guide).
    [Symbol.for('skip-override')]: true,
    requireScope: (
      scope: Scope,
      guard: GuardOptions<FastifyRequest> = {},
    ): preHandlerAsyncHookHandler => {
      app.checkGuard(scope, guard)
      return async (request, reply) => {
        const door = await visitOf(request).require(scope, guard, request)
        if (door.kind === 'refused') return send(reply, door.answer)
        if (door.kind === 'agent') request.ath = door.ath as AthContext
      }
    },
    ready: () => app.ready(),
    close: () => app.close(),
  })
}
