import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable, Unmet } from '../check/verdict.ts'
import type { Recorder } from './evidence.ts'
import { type Fetch, fetchTrusting, isUnknownAuthority } from './trust.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as a JSON object; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>
}

export interface Asked {
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object goes as JSON, parameters as a form, text as it is. */
  readonly body?: object | URLSearchParams | string
}

/** One request; redirects are left to the caller. */
export type Send = (url: string, asked?: Asked) => Promise<Answer>

export interface HttpOptions {
  readonly recorder: Recorder
  /** For each request. */
  readonly timeoutSeconds: number
  /** Told when the subject asks to wait. */
  readonly onWait?: (seconds: number) => void
  /** PEM of an authority whose servers are trusted besides the usual ones. */
  readonly authority?: string
}

/** Longer than a minute nobody waits for one check. */
const maxWaitSeconds = 65
const maxTries = 4
/** Members whose values are shown by their beginning only. */
const secretMembers = /"(?:client_secret|access_token|refresh_token|credential)"\s*:\s*"([^"]+)"/g

/** Sends, writes everything down, and waits when the subject says 429 (R119). */
export function createHttp(options: HttpOptions): Send {
  const { recorder, timeoutSeconds, onWait, authority } = options
  const fetching: Fetch = authority === undefined ? fetch : fetchTrusting(authority)
  return async (url, asked = {}) => {
    for (let tries = 1; ; tries++) {
      const answer = await sendOnce(fetching, url, asked, { recorder, timeoutSeconds })
      if (answer.status !== 429) return answer
      const seconds = Number(answer.headers.get('retry-after') ?? 1)
      if (tries === maxTries || !(seconds <= maxWaitSeconds))
        throw new Unavailable(
          `${url} answers 429 again and again: raise the subject's rate limits for this run`,
        )
      onWait?.(seconds)
      await sleep(Math.max(seconds, 0.05) * 1000)
    }
  }
}

async function sendOnce(
  fetching: Fetch,
  url: string,
  { method = 'GET', headers = {}, body }: Asked,
  { recorder, timeoutSeconds }: Pick<HttpOptions, 'recorder' | 'timeoutSeconds'>,
): Promise<Answer> {
  const { type, text } = write(body)
  const sent = { ...(type === undefined ? {} : { 'content-type': type }), ...headers }
  for (const [name, value] of Object.entries(sent))
    if (/^(?:authorization|cookie)$/i.test(name)) recorder.hide(value.replace(/^\w+ /, ''))
  const request = {
    method,
    url,
    sent,
    ...(text === undefined ? {} : { text }),
  }
  try {
    const response = await fetching(url, {
      method,
      headers: sent,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
      ...(text === undefined ? {} : { body: text }),
    })
    const answer = {
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }
    note(recorder, request, answer)
    return { ...answer, json: readObject(answer.text) }
  } catch (cause) {
    const why =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause) : cause
    const said =
      why instanceof Error
        ? `${why.message}${isUnknownAuthority(why) ? '; is its authority the one to trust? Give it as --ca' : ''}`
        : String(why)
    note(recorder, request, { status: 0, headers: new Headers(), text: '' }, said)
    throw new Unmet(`${method} ${url}: no answer (${said})`, { cause })
  }
}

function note(
  recorder: Recorder,
  request: {
    readonly method: string
    readonly url: string
    readonly sent: Readonly<Record<string, string>>
    readonly text?: string
  },
  answer: Omit<Answer, 'json'>,
  said?: string,
): void {
  for (const text of [request.text ?? '', answer.text])
    for (const [, secret = ''] of text.matchAll(secretMembers)) recorder.hide(secret)
  for (const line of answer.headers.getSetCookie())
    recorder.hide(line.slice(line.indexOf('=') + 1).split(';')[0] ?? '')
  const masked = (headers: Iterable<readonly [string, string]>) =>
    Object.fromEntries([...headers].map(([name, value]) => [name, recorder.mask(value)]))
  recorder.add({
    method: request.method,
    url: recorder.mask(request.url),
    requestHeaders: masked(Object.entries(request.sent)),
    ...(request.text === undefined ? {} : { requestBody: recorder.mask(request.text) }),
    status: answer.status,
    answerHeaders: masked(answer.headers),
    answerBody: recorder.mask(answer.text),
    ...(said === undefined ? {} : { note: said }),
  })
}

function write(body: Asked['body']): { readonly type?: string; readonly text?: string } {
  if (body === undefined) return {}
  if (typeof body === 'string') return { text: body }
  if (body instanceof URLSearchParams)
    return { type: 'application/x-www-form-urlencoded', text: String(body) }
  return { type: 'application/json', text: JSON.stringify(body) }
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}
