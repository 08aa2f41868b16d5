import { parseJson, readText } from '../answer.ts'
import { AthError } from '../ath-error.ts'
import { readGatewayRefusal } from '../service-call.ts'
import { systemClock } from '../system.ts'

/** What a model is told of a call that was refused: enough to mend it, to stop, or to bring its user in. */
export interface ToolRefusal {
  readonly code: string
  readonly message: string
  /** What was needed, as the other side says it. */
  readonly rule?: string
  readonly fix: string
  readonly retryable: boolean
  /** The service's own status and words, where it was not ATH that refused. */
  readonly status?: number
  readonly body?: unknown
  /** A page for the user. */
  readonly url?: string
}

export type ToolAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ToolRefusal }

/** Longer answers help no model. */
const longestBytes = 1_048_576
const bodySeconds = 60

/** Reads an answer for a model. Throws `AthError` for a refusal of ATH; what the service itself refuses is an answer. */
export async function readToolAnswer(
  response: Response,
  signal: AbortSignal | undefined,
): Promise<ToolAnswer> {
  const asking = { clock: systemClock, timeoutSeconds: bodySeconds }
  const refusal = await readGatewayRefusal(response, asking)
  if (refusal) {
    await response.body?.cancel()
    throw refusal
  }
  const url = new URL(response.url || 'about:blank')
  const text = await readText(response, { ...asking, url, signal, limitBytes: longestBytes })
  const isJson = /\bjson\b/i.test(response.headers.get('content-type') ?? '')
  const value = isJson ? (parseJson(text) ?? text) : text
  if (response.ok) return { ok: true, value: text === '' ? { done: true } : value }
  const { status } = response
  const error = new AthError('HTTP_ERROR', {
    status,
    message: `the service answered ${status}`,
    retryable: status === 429 || status >= 502,
  })
  return { ok: false, error: { ...toldRefusal(error), ...(text === '' ? {} : { body: value }) } }
}

export function toldRefusal(error: AthError): ToolRefusal {
  const { code, message, fix, retryable, status, details } = error
  const url = error.stepUp?.confirmUrl ?? details['authorization_url']
  return {
    code,
    message,
    ...(typeof details['rule'] === 'string' ? { rule: details['rule'] } : {}),
    fix,
    retryable,
    ...(status === undefined ? {} : { status }),
    ...(typeof url === 'string' ? { url } : {}),
  }
}

/** As frameworks pass it on: what the service said, or the refusal under `error`. */
export const toldAnswer = (answer: ToolAnswer): unknown =>
  answer.ok ? answer.value : { error: answer.error }

export const toldText = (answer: ToolAnswer): string => {
  const told = toldAnswer(answer)
  return typeof told === 'string' ? told : JSON.stringify(told)
}
