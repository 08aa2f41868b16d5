import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { AppAnswer, AppRequest } from './app-request.ts'

/** A request that `node:http` took, and perhaps a framework after it. */
export interface NodeRequest {
  readonly raw: IncomingMessage
  /** Path and query as received, whatever the framework made of them since. */
  readonly target: string
  /** After whatever proxies the framework trusts. */
  readonly ip: string | undefined
  /** What a body parser before us made of the body; undefined when nobody has read it. */
  parsed(): unknown
}

export function nodeRequest({ raw, target, ip, parsed }: NodeRequest): AppRequest {
  let reading: Promise<Result<Uint8Array, Failure>> | undefined
  return {
    method: raw.method ?? 'GET',
    target,
    headers: raw.rawHeaders,
    ip: ip ?? raw.socket.remoteAddress ?? 'unknown',
    tlsVersion:
      raw.socket instanceof TLSSocket ? (raw.socket.getProtocol() ?? undefined) : undefined,
    body(maxBytes) {
      const body = parsed()
      if (body !== undefined && raw.readableEnded)
        return Promise.resolve(within(bytesOf(body, raw.headers['content-type']), maxBytes))
      reading ??= read(raw, maxBytes)
      return reading
    },
  }
}

/** A parsed body as the text it stands for: with the type it came with where that can be written, else as JSON. */
function bytesOf(body: unknown, contentType = ''): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    return Buffer.from(new URLSearchParams(body as Record<string, string>).toString())
  return Buffer.from(JSON.stringify(body))
}

const within = (body: Uint8Array, limitBytes: number): Result<Uint8Array, Failure> =>
  body.length > limitBytes ? fail({ reason: 'body_over_limit', limitBytes }) : ok(body)

async function read(
  raw: IncomingMessage,
  limitBytes: number,
): Promise<Result<Uint8Array, Failure>> {
  if (raw.readableEnded) return ok(new Uint8Array())
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of raw) {
      length += (chunk as Buffer).length
      if (length > limitBytes) return fail({ reason: 'body_over_limit', limitBytes })
      chunks.push(chunk as Buffer)
    }
  } catch {
    return fail({ reason: 'caller_aborted' })
  }
  return ok(Buffer.concat(chunks))
}

/** Writes an answer. What breaks off on the way ends the connection: half an answer must not look whole. */
export async function writeNodeAnswer(answer: AppAnswer, response: ServerResponse): Promise<void> {
  if (response.destroyed) return
  const { body } = answer
  const headers = [...answer.headers]
  if (typeof body === 'string' || body instanceof Uint8Array)
    headers.push('content-length', String(Buffer.byteLength(body)))
  response.writeHead(answer.status, headers)
  if (!(body instanceof ReadableStream)) {
    response.end(body)
    return
  }
  const stream = Readable.fromWeb(body as import('node:stream/web').ReadableStream<Uint8Array>)
  response.once('close', () => stream.destroy())
  try {
    for await (const chunk of stream)
      if (!response.write(chunk))
        await Promise.race([once(response, 'drain'), once(response, 'close')])
    response.end()
  } catch {
    response.destroy()
  }
}
