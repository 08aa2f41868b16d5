import type { TokenResponse } from '@ath-protocol/types'
import type { AgentContext } from './agent-context.ts'
import { parseJson, readRefusal, readText } from './answer.ts'
import { AthError, describeCode } from './ath-error.ts'
import { createRenewal, type Renewal } from './renewal.ts'
import { revokeToken } from './revoke.ts'
import type { StoredSession } from './stored-session.ts'
import { resolveTarget } from './target.ts'
import { transmit } from './transmit.ts'

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
  const renewal = createRenewal(context, { ...open, accessToken }, (renewed, token) => {
    const { accessToken, ...open } = renewed
    Object.assign(session, open)
    hide('accessToken', accessToken)
    hide('grant', token)
  })
  const send = (input: string | URL | Request, init?: RequestInit) =>
    sendCall(context, renewal, input, init)
  const session = {
    ...open,
    agentId: context.agentId,
    fetch: send,
    call: async (input: string | URL | Request, init?: RequestInit) => {
      const response = await send(input, init)
      if (response.ok) return response
      throw await explainRefusal(context, response)
    },
    renew: renewal.renew,
    revoke: (signal?: AbortSignal) => revokeToken(context, renewal.current().accessToken, signal),
  }
  const hide = (name: string, value: unknown) =>
    Object.defineProperty(session, name, { value, configurable: true, enumerable: false })
  hide('accessToken', accessToken)
  if (grant) hide('grant', grant)
  return session as typeof session & StoredSession
}

/** Safe by definition, and sent without a body (RFC 9110 §9.2.1). */
const repeatableMethods = ['GET', 'HEAD', 'OPTIONS']

async function sendCall(
  context: AgentContext,
  renewal: Renewal,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const given = input instanceof Request ? input : undefined
  const { providerId } = renewal.current()
  const url = resolveTarget(context.base, providerId, given ? given.url : (input as string | URL))
  const body = init.body ?? given?.body ?? undefined
  const method = (init.method ?? given?.method ?? 'GET').toUpperCase()
  const signal = init.signal ?? given?.signal
  const headers = new Headers(init.headers ?? given?.headers)
  for (const [name, value] of Object.entries(context.headers)) headers.set(name, value)
  headers.set('x-ath-agent-id', context.agentId)
  const send = (token: string) => {
    headers.set('authorization', `Bearer ${token}`)
    return transmit(
      context.transport,
      url,
      // A streamed body needs `half`; for any other it changes nothing.
      { ...init, method, headers, ...(body ? { body, duplex: 'half' } : {}) },
      {
        timeoutSeconds: context.callTimeoutSeconds,
        signal,
        repeatable: body === undefined && repeatableMethods.includes(method),
      },
    )
  }
  await renewal.refresh(signal)
  const token = renewal.current().accessToken
  const response = await send(token)
  if (response.status !== 401) return response
  const refusal = await readGatewayRefusal(response, context)
  // A revoked token stays revoked. What came as a stream is gone, but the next call finds the fresh token.
  const renewed = refusal?.code === 'TOKEN_EXPIRED' && (await renewal.replace(token, signal))
  if (!renewed || !isReplayable(body)) return response
  // Refused before anything was done, so that any method can be sent again.
  await response.body?.cancel()
  return send(renewal.current().accessToken)
}

/** Whether it is there as a whole. What is not known for sure (streams, iterators) is taken for spent. */
const isReplayable = (body: unknown) =>
  body === undefined ||
  typeof body === 'string' ||
  ArrayBuffer.isView(body) ||
  [ArrayBuffer, URLSearchParams, Blob, FormData].some((kind) => body instanceof kind)

const refusalLimitBytes = 65_536

/**
 * The gateway's own refusal in an answer, or undefined where the service behind it answered. Reads a copy: the
 * response can still be read. Services with error codes of their own are told apart by the protocol's closed list.
 */
export async function readGatewayRefusal(
  response: Response,
  { clock, timeoutSeconds }: Pick<AgentContext, 'clock' | 'timeoutSeconds'>,
): Promise<AthError | undefined> {
  const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '')
  const length = Number(response.headers.get('content-length') ?? 0)
  if (response.ok || !isJson || length > refusalLimitBytes) return undefined
  const body = await readText(response.clone(), {
    // Only errors tell it, and they are not told here.
    url: new URL('about:blank'),
    clock,
    timeoutSeconds,
    limitBytes: refusalLimitBytes,
  }).catch(() => '')
  const refusal = readRefusal(response, parseJson(body), clock)
  return refusal && describeCode(refusal.code).length > 0 ? refusal : undefined
}

async function explainRefusal(context: AgentContext, response: Response): Promise<AthError> {
  const refusal = await readGatewayRefusal(response, context)
  await response.body?.cancel()
  const { status } = response
  return (
    refusal ??
    new AthError('HTTP_ERROR', {
      status,
      message: `the service answered ${status}`,
      retryable: status === 429 || status >= 502,
    })
  )
}
