import type { AgentContext } from './agent-context.ts'
import { parseJson, readRefusal, readText } from './answer.ts'
import { AthError, describeCode } from './ath-error.ts'
import type { Renewal } from './renewal.ts'
import { awaitStepUp, type CallInit, stepUpHeader, stepUpOf } from './step-up.ts'
import { transmit } from './transmit.ts'

/** Who calls services, with which token, and what may be called. */
export interface ServiceCaller
  extends Pick<
    AgentContext,
    | 'agentId'
    | 'clock'
    | 'transport'
    | 'headers'
    | 'timeoutSeconds'
    | 'callTimeoutSeconds'
    | 'onStepUp'
  > {
  readonly renewal: Renewal
  /** Where the user confirms calls, too. */
  readonly base: string
  /** The one URL that `input` stands for; throws `ORIGIN_REFUSED` for every other. */
  resolve(input: string | URL): URL | Promise<URL>
}

/** Safe by definition, and sent without a body (RFC 9110 §9.2.1). */
const repeatableMethods = ['GET', 'HEAD', 'OPTIONS']

/**
 * Sends one call with a token that is fresh enough, once more when the answer is that it has expired, and again when
 * the user must confirm it first.
 */
export async function callService(
  caller: ServiceCaller,
  input: string | URL | Request,
  { onStepUp = caller.onStepUp ?? 'print', ...init }: CallInit = {},
): Promise<Response> {
  const { renewal } = caller
  const given = input instanceof Request ? input : undefined
  const url = await caller.resolve(given ? given.url : (input as string | URL))
  const body = init.body ?? given?.body ?? undefined
  const method = (init.method ?? given?.method ?? 'GET').toUpperCase()
  const signal = init.signal ?? given?.signal
  const headers = new Headers(init.headers ?? given?.headers)
  for (const [name, value] of Object.entries(caller.headers)) headers.set(name, value)
  headers.set('x-ath-agent-id', caller.agentId)
  const send = async () => {
    await renewal.refresh(signal)
    for (let first = true; ; first = false) {
      const token = renewal.token()
      headers.set('authorization', `Bearer ${token}`)
      const response = await transmit(
        caller.transport,
        url,
        // A streamed body needs `half`; for any other it changes nothing.
        { ...init, method, headers, ...(body ? { body, duplex: 'half' } : {}) },
        {
          timeoutSeconds: caller.callTimeoutSeconds,
          signal,
          repeatable: body === undefined && repeatableMethods.includes(method),
        },
      )
      if (response.status !== 401) return { response }
      const refusal = await readGatewayRefusal(response, caller)
      // A revoked token stays revoked. What came as a stream is gone, but the next call finds the fresh token.
      const isExpired = first && refusal?.code === 'TOKEN_EXPIRED'
      const renewed = isExpired && (await renewal.replace(token, signal))
      if (!renewed || !isReplayable(body)) return { response, refusal }
      // Refused before anything was done, so that any method can be sent again.
      await response.body?.cancel()
    }
  }
  const { response, refusal } = await send()
  const asked = stepUpOf(refusal, caller.base)
  if (!asked || onStepUp === 'refuse' || !isReplayable(body)) return response
  await response.body?.cancel()
  const { clock } = caller
  return awaitStepUp(asked, { clock, onStepUp, signal }, (id) => {
    headers.set(stepUpHeader, id)
    return send()
  })
}

/** As `callService`, and an answer that is not 2xx is thrown as `AthError`. */
export async function callServiceOrThrow(
  caller: ServiceCaller,
  input: string | URL | Request,
  init?: CallInit,
): Promise<Response> {
  const response = await callService(caller, input, init)
  if (response.ok) return response
  const refusal = await readGatewayRefusal(response, caller)
  await response.body?.cancel()
  const { status } = response
  throw (
    refusal ??
    new AthError('HTTP_ERROR', {
      status,
      message: `the service answered ${status}`,
      retryable: status === 429 || status >= 502,
    })
  )
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
