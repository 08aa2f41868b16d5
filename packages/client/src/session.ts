import type { TokenResponse } from '@ath-protocol/types'
import type { AgentContext } from './agent-context.ts'
import { callApi } from './api-call.ts'
import { AthError } from './ath-error.ts'
import { renewToken } from './exchange.ts'
import { createRenewal } from './renewal.ts'
import { revokeToken } from './revoke.ts'
import { callService, callServiceOrThrow, type ServiceCaller } from './service-call.ts'
import type { CallInit } from './step-up.ts'
import { type StoredSession, storeToken } from './stored-session.ts'
import { resolveAt } from './target.ts'

/** One granted access: this agent, for one user, at one provider. A renewal changes its token, scopes and times. */
export interface AthSession extends StoredSession {
  /** Left out of `JSON.stringify` and of what `console.log` shows. */
  readonly accessToken: string
  readonly agentId: string
  /** What the gateway answered with this token; absent for a session taken up again. */
  readonly grant?: TokenResponse
  /**
   * The platform's `fetch` for the service: any method, body or stream, the answer untouched (C30). Takes a path of the
   * service, or a URL under `/ath/proxy/<provider>/`; in native mode a path below `api_base`, or a URL under it.
   * Redirects are returned, not followed. The token is renewed within the user's grant when it is about to expire, and
   * once when the answer is that it has expired. A call that the user must confirm is shown to them and repeated until
   * they have answered (`onStepUp`). A body that is a stream cannot be sent again: then the refusal comes back.
   */
  fetch(input: string | URL | Request, init?: CallInit): Promise<Response>
  /** As `fetch`, and an answer that is not 2xx is thrown as `AthError`. */
  call(input: string | URL | Request, init?: CallInit): Promise<Response>
  /** As `call`: `body` goes as JSON; JSON comes back parsed, anything else as text, nothing (204) as undefined. */
  api<T = unknown>(method: string, path: string | URL, body?: unknown, init?: CallInit): Promise<T>
  /** A fresh token now, for as long as the user's grant lives; `RENEWAL_UNSUPPORTED` where the gateway has no way. */
  renew(signal?: AbortSignal): Promise<void>
  /** Ends it at once; the token is worth nothing afterwards. */
  revoke(signal?: AbortSignal): Promise<void>
}

export function createSession(
  context: AgentContext,
  stored: StoredSession,
  grant?: TokenResponse,
): AthSession {
  const { accessToken, ...open } = stored
  let granted = grant
  const renewal = createRenewal<StoredSession>(
    context.clock,
    { ...open, accessToken },
    async (current) => {
      granted = await renewedToken(context, current)
      const { consentedScopes = current.scopes, grantExpiresAt } = current
      return storeToken(granted, context.clock.now(), { consentedScopes, grantExpiresAt })
    },
    (renewed) => {
      const { accessToken, ...open } = renewed
      Object.assign(session, open)
      hide('accessToken', accessToken)
      hide('grant', granted)
      return context.onRenewed?.(renewed)
    },
  )
  const caller: ServiceCaller = {
    ...context,
    renewal,
    resolve: async (input) =>
      resolveAt({ base: context.base, apiBase: await context.apiBase() }, open.providerId, input),
  }
  const session = {
    ...open,
    agentId: context.agentId,
    fetch: (input: string | URL | Request, init?: CallInit) => callService(caller, input, init),
    call: (input: string | URL | Request, init?: CallInit) =>
      callServiceOrThrow(caller, input, init),
    api: <T>(method: string, path: string | URL, body?: unknown, init?: CallInit) =>
      callApi(caller, method, path, body, init) as Promise<T>,
    renew: renewal.renew,
    revoke: (signal?: AbortSignal) => revokeToken(context, renewal.token(), signal),
  }
  const hide = (name: string, value: unknown) =>
    Object.defineProperty(session, name, { value, configurable: true, enumerable: false })
  hide('accessToken', accessToken)
  if (grant) hide('grant', grant)
  return session as typeof session & StoredSession
}

async function renewedToken(context: AgentContext, current: StoredSession): Promise<TokenResponse> {
  if (current.grantExpiresAt === undefined && !(await offersRenewal(context)))
    throw new AthError('RENEWAL_UNSUPPORTED')
  return renewToken(context, current)
}

const offersRenewal = async (context: AgentContext) =>
  (await context.describe())['token_renewal_endpoint'] !== undefined
