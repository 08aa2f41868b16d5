import type { TokenResponse } from '@ath-protocol/types'
import type { AgentContext } from './agent-context.ts'
import { AthError } from './ath-error.ts'
import { renewToken } from './exchange.ts'
import { createRenewal } from './renewal.ts'
import { revokeToken } from './revoke.ts'
import { callService, callServiceOrThrow, type ServiceCaller } from './service-call.ts'
import { type StoredSession, storeToken } from './stored-session.ts'
import { resolveTarget } from './target.ts'

/** One granted access: this agent, for one user, at one provider. A renewal changes its token, scopes and times. */
export interface AthSession extends StoredSession {
  /** Left out of `JSON.stringify` and of what `console.log` shows. */
  readonly accessToken: string
  readonly agentId: string
  /** What the gateway answered with this token; absent for a session taken up again. */
  readonly grant?: TokenResponse
  /**
   * The platform's `fetch` for the service behind the gateway: any method, body or stream, the answer untouched
   * (C30). Takes a path of that service, or a URL under `/ath/proxy/<provider>/`. Redirects are returned, not followed.
   * The token is renewed within the user's grant when it is about to expire, and once when the gateway answers that
   * it has expired, unless the body is a stream: that cannot be sent again.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** As `fetch`, and an answer that is not 2xx is thrown as `AthError`. */
  call(input: string | URL | Request, init?: RequestInit): Promise<Response>
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
    resolve: (input) => resolveTarget(context.base, open.providerId, input),
  }
  const session = {
    ...open,
    agentId: context.agentId,
    fetch: (input: string | URL | Request, init?: RequestInit) => callService(caller, input, init),
    call: (input: string | URL | Request, init?: RequestInit) =>
      callServiceOrThrow(caller, input, init),
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
  if (current.grantExpiresAt === undefined && !(await context.offersRenewal()))
    throw new AthError('RENEWAL_UNSUPPORTED')
  return renewToken(context, current)
}
