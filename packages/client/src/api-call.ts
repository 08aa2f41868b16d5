import { parseJson, readText } from './answer.ts'
import { AthError } from './ath-error.ts'
import { callServiceOrThrow, type ServiceCaller } from './service-call.ts'
import type { CallInit } from './step-up.ts'

/** As `fetch` takes them, and `json` for a body. */
export interface ServiceRequest extends CallInit {
  readonly json?: unknown
}

/** Far more than an API answers at once; bounds what a wrong server can make us hold. */
const answerLimitBytes = 16_777_216

/**
 * One call of an API: `json` goes as JSON; JSON comes back parsed, anything else as text, nothing as undefined. An
 * answer that is not 2xx is thrown as `AthError`.
 */
export async function callApi(
  caller: ServiceCaller,
  method: string,
  path: string | URL,
  json?: unknown,
  init: CallInit = {},
): Promise<unknown> {
  if (json !== undefined && /^(?:get|head)$/i.test(method))
    throw new AthError('ARGUMENT_INVALID', { message: `${method} takes no body` })
  const response = await callServiceOrThrow(caller, path, {
    ...withJson({ ...init, json }),
    method,
  })
  const { signal } = init
  const text = await readText(response, {
    url: new URL(response.url || 'about:blank'),
    clock: caller.clock,
    timeoutSeconds: caller.callTimeoutSeconds,
    signal: signal ?? undefined,
    limitBytes: answerLimitBytes,
  })
  if (text === '') return undefined
  if (!/\bjson\b/i.test(response.headers.get('content-type') ?? '')) return text
  const value = parseJson(text)
  if (value !== undefined) return value
  throw new AthError('ANSWER_INVALID', {
    status: response.status,
    message: 'the answer says that it is JSON, and is not',
  })
}

export function withJson({ json, ...init }: ServiceRequest): CallInit {
  if (json === undefined) return init
  const headers = new Headers(init.headers)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  return { ...init, headers, body: JSON.stringify(json) }
}
