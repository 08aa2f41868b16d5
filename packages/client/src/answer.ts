import type { Clock, FieldError, Result } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'
import { readRetryAfter } from './retry-after.ts'
import { readStepUp } from './step-up-details.ts'
import { explain } from './transmit.ts'
import { startDeadline } from './system.ts'

/** Far more than any protocol answer; bounds what a wrong server can make us hold. */
export const answerLimitBytes = 1_048_576

export type ReadValue<T> = (value: unknown) => Result<T, readonly FieldError[]>

export interface AnswerOptions {
  readonly url: URL
  readonly clock: Clock
  readonly timeoutSeconds: number
  readonly signal?: AbortSignal | undefined
  /** Default `answerLimitBytes`. */
  readonly limitBytes?: number
}

/** Reads a protocol answer: JSON of the expected shape, or an `AthError` that says what it was instead. */
export async function readAnswer<T>(
  response: Response,
  read: ReadValue<T>,
  options: AnswerOptions,
): Promise<T> {
  const { status } = response
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400)) {
    await response.body?.cancel()
    throw new AthError('REDIRECT_REFUSED', {
      status,
      details: { url: `${options.url.origin}${options.url.pathname}` },
    })
  }
  const text = await readText(response, options)
  const value = parseJson(text)
  if (!response.ok) {
    const refusal = readRefusal(response, value, options.clock)
    if (refusal) throw refusal
    throw notAth(response, text, options.clock)
  }
  if (value === undefined && text !== '') throw notAth(response, text, options.clock)
  const checked = read(value)
  if (checked.ok) return checked.value
  throw new AthError('ANSWER_INVALID', { status, details: { errors: checked.error } })
}

/** The ATH error in an answer, or undefined where the body is something else. Peers' own codes are kept (C13, C15). */
export function readRefusal(response: Response, body: unknown, clock: Clock): AthError | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { code, error, message, fix, retryable, details, instance, ...rest } = body as Record<
    string,
    unknown
  >
  const name = text(code) ?? text(error)
  if (name === undefined) return undefined
  return new AthError(name, {
    status: response.status,
    message: text(message) ?? text(rest['error_description']),
    fix: text(fix),
    // Peers answer a pending handshake and an unknown one alike (C10): unless told, it may be pending.
    retryable:
      typeof retryable === 'boolean' ? retryable : name === 'SESSION_NOT_FOUND' || undefined,
    details: {
      ...(typeof details === 'object' ? details : {}),
      ...(typeof rest['client_id'] === 'string' ? { client_id: rest['client_id'] } : {}),
    },
    retryAfterSeconds: readRetryAfter(response.headers, clock),
    instance: text(instance),
    stepUp: name === 'STEP_UP_REQUIRED' ? readStepUp(details) : undefined,
  })
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

function notAth(response: Response, body: string, clock: Clock): AthError {
  const { status } = response
  const type = response.headers.get('content-type') ?? 'no content type'
  return new AthError('ANSWER_INVALID', {
    status,
    message: `the answer is not ATH: ${status}, ${body === '' ? 'empty' : type}`,
    retryable: status === 429 || status >= 502,
    retryAfterSeconds: readRetryAfter(response.headers, clock),
  })
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Reads a body as text within a time and a size; one that is longer is given up as `ANSWER_INVALID`. */
export async function readText(response: Response, options: AnswerOptions): Promise<string> {
  const { url, timeoutSeconds, signal, limitBytes = answerLimitBytes } = options
  const reader = response.body?.getReader()
  if (!reader) return ''
  const deadline = startDeadline(timeoutSeconds, signal)
  const stop = () => void reader.cancel().catch(() => undefined)
  deadline.signal.addEventListener('abort', stop, { once: true })
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (deadline.signal.aborted) throw deadline.signal.reason
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      if (bytes > limitBytes) {
        stop()
        throw new AthError('ANSWER_INVALID', {
          status: response.status,
          message: `the answer is longer than ${limitBytes} bytes`,
        })
      }
      text += decoder.decode(value, { stream: true })
    }
  } catch (error) {
    throw error instanceof AthError
      ? error
      : explain(error, url, deadline.hasPassed(), signal, timeoutSeconds)
  } finally {
    deadline.lift()
    deadline.signal.removeEventListener('abort', stop)
  }
}
