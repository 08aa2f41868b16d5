import { ok } from '@ath-protocol/types'
import { plainAddress } from '../native/node-request.ts'
import type { AppAnswer, AppRequest } from '../native/app-request.ts'

/** A request as any framework has it: parsed or not, with a whole URL or a path. */
export interface AthHandlerRequest {
  readonly method?: string
  /** Absolute, or path and query. */
  readonly url?: string
  /** Used where there is no `url`. */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Parsed, text or bytes. */
  readonly body?: unknown
  /** Parsed; what it holds counts before the query of `url`. */
  readonly query?: Readonly<Record<string, unknown>> | URLSearchParams
  /** The caller's address. Without it all callers share one rate limit. */
  readonly ip?: string
}

/** `body` is what JSON stood for; text where the answer is a page; undefined where there is none. */
export interface AthHandlerResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>> & { readonly Location?: string }
  readonly cookies: readonly string[]
  readonly body: unknown
}

/** The request to one address of ATH's, whatever path it was mounted at. */
export function handlerRequest(
  request: AthHandlerRequest,
  address: { readonly method: string; readonly path: string },
): AppRequest {
  const headers = Object.entries(request.headers ?? {}).flatMap(([name, value]) =>
    value === undefined || isFraming(name)
      ? []
      : [name, typeof value === 'string' ? value : value.join(', ')],
  )
  const body = bytesOf(request)
  const query = queryOf(request)
  return {
    method: address.method,
    target: `${address.path}${query === '' ? '' : `?${query}`}`,
    headers: [
      ...headers,
      ...(body.length > 0 ? ['content-length', String(body.length)] : []),
      ...(isForm(request) ? [] : ['content-type', 'application/json']),
    ],
    ip: plainAddress(request.ip),
    body: async () => ok(body),
    keepBody: () => () => {},
  }
}

/** The body may be another by now: parsed, and written again. */
const isFraming = (name: string) =>
  /^(?:content-length|transfer-encoding|content-encoding)$/i.test(name) ||
  /^content-type$/i.test(name)

function contentType({ headers = {} }: AthHandlerRequest): string {
  const found = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1]
  return typeof found === 'string' ? found : ''
}

const isForm = (request: AthHandlerRequest): boolean =>
  contentType(request).startsWith('application/x-www-form-urlencoded') &&
  typeof request.body === 'string'

function bytesOf({ body }: AthHandlerRequest): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array()
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function queryOf({ query, url = '' }: AthHandlerRequest): string {
  if (query instanceof URLSearchParams) return query.toString()
  const mark = url.indexOf('?')
  if (!query) return mark === -1 ? '' : url.slice(mark + 1)
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => typeof one === 'string')
      .map((one): [string, string] => [name, one as string]),
  )
  return new URLSearchParams(pairs).toString()
}

export async function handlerResponse(answer: AppAnswer): Promise<AthHandlerResponse> {
  const headers: Record<string, string> = {}
  const cookies: string[] = []
  for (let index = 0; index < answer.headers.length; index += 2) {
    const name = (answer.headers[index] as string).toLowerCase()
    const value = answer.headers[index + 1] as string
    if (name === 'set-cookie') cookies.push(value)
    else headers[name === 'location' ? 'Location' : name] = value
  }
  const text = answer.body === undefined ? '' : await new Response(answer.body as never).text()
  const isJson = /\bjson\b/i.test(headers['content-type'] ?? '')
  return {
    status: answer.status,
    headers,
    cookies,
    body: text === '' ? undefined : isJson ? readJson(text) : text,
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
