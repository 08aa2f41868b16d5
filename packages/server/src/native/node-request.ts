import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { HeaderList } from '../proxy/headers.ts'
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
    ip: plainAddress(ip ?? raw.socket.remoteAddress),
    tlsVersion:
      raw.socket instanceof TLSSocket ? (raw.socket.getProtocol() ?? undefined) : undefined,
    body(maxBytes) {
      const body = parsed()
      if (raw.readableEnded && !reading) return Promise.resolve(asParsed(raw, body, maxBytes))
      reading ??= read(raw, maxBytes)
      return reading
    },
    keepBody: () => () => {},
  }
}

/** An IPv4 caller of a socket that listens for IPv6, too, is an IPv4 caller: a million of them are not one network. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  return /^::ffff:[0-9.]+$/i.test(address) ? address.slice(7) : address
}

/**
 * Takes out what an agent or its user could prove who they are with: the app's own log-in is not to answer to it. The
 * visit has seen it.
 */
export function withoutCredentials(raw: IncomingMessage): void {
  for (const headers of [raw.headers, raw.headersDistinct])
    for (const name of credentialHeaders) delete headers[name]
  raw.rawHeaders = raw.rawHeaders.filter(
    (_, index, list) => !credentialHeaders.includes((list[index & ~1] ?? '').toLowerCase()),
  )
}

export const credentialHeaders: readonly string[] = ['authorization', 'cookie']

/** What is left of a body that somebody has read. What cannot be told from it is no body to decide about. */
function asParsed(
  raw: IncomingMessage,
  body: unknown,
  limitBytes: number,
): Result<Uint8Array, Failure> {
  const length = raw.headers['content-length']
  const cameWithBody =
    raw.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  if (body === undefined)
    return cameWithBody ? unreadable('it was read before') : ok(new Uint8Array())
  const bytes = bytesOf(body, raw.headers['content-type'])
  if (!bytes) return unreadable('send it as JSON')
  return bytes.length > limitBytes ? fail({ reason: 'body_over_limit', limitBytes }) : ok(bytes)
}

const unreadable = (fix: string): Result<never, Failure> =>
  fail({
    reason: 'request_malformed',
    errors: [{ path: '', problem: `the body cannot be told from what was made of it: ${fix}` }],
  })

/**
 * A parsed body as the text it stands for: with the type it came with where that can be written, else as JSON. Undefined
 * where two bodies could stand for one text: files are elsewhere, and a form has no nested values.
 */
function bytesOf(body: unknown, contentType = ''): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (/^multipart\//i.test(contentType)) return undefined
  if (!/^application\/x-www-form-urlencoded/i.test(contentType)) return jsonOf(body)
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body as object))
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string') return undefined
      form.append(name, one)
    }
  return Buffer.from(form.toString())
}

/** `1e999` is Infinity once parsed, and null when written again. */
function jsonOf(body: unknown): Uint8Array | undefined {
  let faithful = true
  const text = JSON.stringify(body, (_name, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) faithful = false
    return value
  })
  return faithful ? Buffer.from(text) : undefined
}

/** A body of known length stays where it is, for whoever parses it after us. */
function read(raw: IncomingMessage, limitBytes: number): Promise<Result<Uint8Array, Failure>> {
  const length = Number(raw.headers['content-length'] ?? Number.NaN)
  if (length > limitBytes) return Promise.resolve(fail({ reason: 'body_over_limit', limitBytes }))
  return length > 0 ? peek(raw, length) : drain(raw, limitBytes)
}

function peek(raw: IncomingMessage, length: number): Promise<Result<Uint8Array, Failure>> {
  return new Promise((resolve) => {
    const settle = (result: Result<Uint8Array, Failure>) => {
      raw.off('readable', look).off('error', gone).off('close', gone)
      resolve(result)
    }
    const gone = () => settle(fail({ reason: 'caller_aborted' }))
    const look = () => {
      const body = raw.read(length) as Buffer | null
      if (body === null) return
      raw.unshift(body)
      settle(ok(body))
    }
    if (raw.destroyed) return gone()
    raw.on('readable', look).on('error', gone).on('close', gone)
    look()
  })
}

async function drain(
  raw: IncomingMessage,
  limitBytes: number,
): Promise<Result<Uint8Array, Failure>> {
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

/**
 * Writes an answer. What breaks off on the way ends the connection: half an answer must not look whole. Header by header:
 * who listens for them on the way (sessions, compression) does not read lists.
 */
export async function writeNodeAnswer(answer: AppAnswer, response: ServerResponse): Promise<void> {
  const { body } = answer
  if (response.destroyed || response.headersSent) {
    if (body instanceof ReadableStream) await body.cancel()
    return
  }
  for (const [name, values] of byName(answer.headers))
    response.setHeader(name, values.length === 1 ? (values[0] as string) : values)
  if (typeof body === 'string' || body instanceof Uint8Array)
    response.setHeader('content-length', String(Buffer.byteLength(body)))
  response.writeHead(answer.status)
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

function byName(headers: HeaderList): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (let index = 0; index < headers.length; index += 2) {
    const name = (headers[index] as string).toLowerCase()
    const value = headers[index + 1] as string
    const known = found.get(name)
    if (known) known.push(value)
    else found.set(name, [value])
  }
  return found
}
