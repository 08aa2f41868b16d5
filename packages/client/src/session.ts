import type { TokenResponse } from '@ath-protocol/types'
import type { AgentContext } from './agent-context.ts'
import { parseJson, readRefusal, readText } from './answer.ts'
import { AthError, describeCode } from './ath-error.ts'
import { revokeToken } from './revoke.ts'
import { resolveTarget } from './target.ts'
import { transmit } from './transmit.ts'

/** What a session is made from, e.g. when a stored token is taken up again. */
export interface StoredSession {
  readonly providerId: string
  readonly accessToken: string
  readonly scopes: readonly string[]
  /** Unix seconds. */
  readonly expiresAt: number
}

/** One granted access: this agent, for one user, at one provider. */
export interface AthSession extends StoredSession {
  /** Left out of `JSON.stringify` and of what `console.log` shows. */
  readonly accessToken: string
  readonly agentId: string
  /** What the token endpoint answered; absent for a session taken up again. */
  readonly grant?: TokenResponse
  /**
   * The platform's `fetch` for the service behind the gateway: any method, body or stream, the answer untouched
   * (C30). Takes a path of that service, or a URL under `/ath/proxy/<provider>/`. Redirects are returned, not followed.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** As `fetch`, and an answer that is not 2xx is thrown as `AthError`. */
  call(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Ends it at once; the token is worth nothing afterwards. */
  revoke(signal?: AbortSignal): Promise<void>
}

export function createSession(
  context: AgentContext,
  stored: StoredSession,
  grant?: TokenResponse,
): AthSession {
  const { providerId, accessToken, scopes, expiresAt } = stored
  const send = (input: string | URL | Request, init?: RequestInit) =>
    sendCall(context, { providerId, accessToken }, input, init)
  const session = {
    providerId,
    scopes,
    expiresAt,
    agentId: context.agentId,
    fetch: send,
    call: async (input: string | URL | Request, init?: RequestInit) => {
      const response = await send(input, init)
      if (response.ok) return response
      throw await explainRefusal(context, response)
    },
    revoke: (signal?: AbortSignal) => revokeToken(context, accessToken, signal),
  }
  const hidden = { enumerable: false }
  return Object.defineProperties(session, {
    accessToken: { value: accessToken, ...hidden },
    ...(grant ? { grant: { value: grant, ...hidden } } : {}),
  }) as AthSession
}

/** Safe by definition, and sent without a body (RFC 9110 §9.2.1). */
const repeatableMethods = ['GET', 'HEAD', 'OPTIONS']

async function sendCall(
  context: AgentContext,
  { providerId, accessToken }: Pick<StoredSession, 'providerId' | 'accessToken'>,
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const given = input instanceof Request ? input : undefined
  const url = resolveTarget(context.base, providerId, given ? given.url : (input as string | URL))
  const body = init.body ?? given?.body ?? undefined
  const method = (init.method ?? given?.method ?? 'GET').toUpperCase()
  const headers = new Headers(init.headers ?? given?.headers)
  for (const [name, value] of Object.entries(context.headers)) headers.set(name, value)
  headers.set('authorization', `Bearer ${accessToken}`)
  headers.set('x-ath-agent-id', context.agentId)
  return transmit(
    context.transport,
    url,
    // A streamed body needs `half`; for any other it changes nothing.
    { ...init, method, headers, ...(body ? { body, duplex: 'half' } : {}) },
    {
      timeoutSeconds: context.callTimeoutSeconds,
      signal: init.signal ?? given?.signal,
      repeatable: body === undefined && repeatableMethods.includes(method),
    },
  )
}

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
  const reading = { url: new URL(response.url), clock, timeoutSeconds }
  const body = await readText(response.clone(), {
    ...reading,
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
