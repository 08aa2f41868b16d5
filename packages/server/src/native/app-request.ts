import { Readable } from 'node:stream'
import { type Failure, ok, type ProviderId, type Result } from '@ath-protocol/types'
import type { HeaderList } from '../proxy/headers.ts'
import type { CallBody, ProxyCall } from '../story/exchange.ts'
import type { OpenCall } from '../story/in-flight.ts'
import { UploadFailed } from '../transport/upload-failed.ts'
import type { AthCall } from '../wire/http.ts'
import { peopleMount } from './settings.ts'

/** A request to the app, whatever framework took it. */
export interface AppRequest {
  readonly method: string
  /** Path and query as received. */
  readonly target: string
  /** Names and values in turn, as received. */
  readonly headers: HeaderList
  /** The caller's address, after whatever proxies the app trusts. */
  readonly ip: string
  readonly tlsVersion?: string | undefined
  /** The whole body, however often it is asked for. Failures: `body_over_limit`, `caller_aborted`. */
  body(maxBytes: number): Promise<Result<Uint8Array, Failure>>
  /** From now on `body` has it whoever else reads it, until what this returns is called. */
  keepBody(): () => void
}

/** What goes back. */
export interface AppAnswer {
  readonly status: number
  /** Names and values in turn. */
  readonly headers: HeaderList
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | undefined
}

/** One header; undefined when it is absent. Sent twice it is joined, cookies as cookies are. */
export function headerOf(
  { headers }: Pick<AppRequest, 'headers'>,
  name: string,
): string | undefined {
  const values: string[] = []
  for (let index = 0; index < headers.length; index += 2)
    if (headers[index]?.toLowerCase() === name) values.push(headers[index + 1] ?? '')
  return values.length === 0 ? undefined : values.join(name === 'cookie' ? '; ' : ', ')
}

export const pathOf = ({ target }: Pick<AppRequest, 'target'>): string =>
  target.split('?', 1)[0] ?? '/'

/** Longest body of a message to ATH's own addresses. */
const messageBytes = 64 * 1024

/** The request as ATH's own addresses read it. */
export async function athCallOf(request: AppRequest): Promise<Result<AthCall, Failure>> {
  const body = await request.body(messageBytes)
  if (!body.ok) return body
  const path = pathOf(request)
  const headers: Record<string, string | undefined> = Object.create(null)
  for (let index = 0; index < request.headers.length; index += 2) {
    const name = request.headers[index]?.toLowerCase() ?? ''
    headers[name] ??= headerOf(request, name)
  }
  return ok({
    method: request.method,
    path,
    query: new URLSearchParams(request.target.slice(path.length + 1)),
    headers,
    body: body.value,
    ip: request.ip,
    mount: peopleMount,
    ...(request.tlsVersion === undefined ? {} : { tlsVersion: request.tlsVersion }),
  })
}

/** The request as the story of an agent's call reads it. `target`: without what leads to the proxy. */
export function proxyCallOf(
  request: AppRequest,
  call: {
    readonly providerId: ProviderId
    readonly rawPath: string
    readonly query: string
    readonly startedAt: number
    readonly opened: (call: OpenCall) => void
    readonly encryption?: 'refused' | 'opened'
  },
): ProxyCall {
  return {
    method: request.method,
    target: request.target,
    headers: request.headers,
    authorization: headerOf(request, 'authorization'),
    agentHeader: headerOf(request, 'x-ath-agent-id'),
    ip: request.ip,
    body: bodyOf(request),
    longLived: headerOf(request, 'accept')?.includes('text/event-stream') === true,
    stalled: () => undefined,
    ...call,
  }
}

function bodyOf(request: AppRequest): CallBody {
  const length = Number(headerOf(request, 'content-length') ?? Number.NaN)
  if (headerOf(request, 'transfer-encoding') === undefined && !(length > 0)) return { kind: 'none' }
  if (length > 0)
    return { kind: 'whole', length, take: () => request.body(length), cancel: () => {} }
  return {
    kind: 'stream',
    length: undefined,
    open: (maxBytes) => ({
      stream: Readable.from(wholeBody(request, maxBytes)),
      length: undefined,
      trailers: undefined,
    }),
    cancel: () => {},
  }
}

async function* wholeBody(request: AppRequest, maxBytes: number): AsyncIterable<Uint8Array> {
  const body = await request.body(maxBytes)
  if (!body.ok) throw new UploadFailed(body.error)
  yield body.value
}
