import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { AthAnswer, AthCall } from '@ath-protocol/server'
import { securityHeaders } from '@ath-protocol/server/parts'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { refuse } from './refuse.ts'

/** Everything but the proxy. Undefined: there is nothing at this path. */
export type ControlPlane = (call: AthCall) => Promise<AthAnswer | undefined>

/** Longest body of a control-plane request. */
export const controlBodyBytes = 64 * 1024
/** A control-plane request must be here whole within this time. */
const bodySeconds = 30

export interface ControlOptions {
  readonly handle: ControlPlane
  /** The public base URL is https: browsers are told to stay there. */
  readonly secure: boolean
  readonly report?: (cause: unknown, recordId: string | undefined) => void
}

/** Reads one control-plane request, bounded in size and time, and answers it. */
export async function handleControl(
  request: IncomingMessage,
  response: ServerResponse,
  context: { readonly target: string; readonly ip: string; readonly expectsContinue: boolean },
  options: ControlOptions,
): Promise<void> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > controlBodyBytes) {
    refuse(request, response, tooLarge, undefined)
    return
  }
  if (context.expectsContinue) response.writeContinue()
  const body = await readWhole(request)
  if (response.destroyed) return
  if (!body.ok) {
    refuse(request, response, body.error, undefined)
    return
  }
  const mark = context.target.indexOf('?')
  const call: AthCall = {
    method: request.method as string,
    path: mark === -1 ? context.target : context.target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : context.target.slice(mark + 1)),
    headers: joined(request),
    body: body.value,
    ip: context.ip,
    ...tlsOf(request),
  }
  try {
    const answer = await options.handle(call)
    if (answer) send(response, answer, options.secure)
    else refuse(request, response, { reason: 'route_unknown' }, undefined)
  } catch (cause) {
    options.report?.(cause, undefined)
    if (!response.headersSent) refuse(request, response, { reason: 'bug', cause }, undefined)
    else response.destroy()
  }
}

export function send(response: ServerResponse, answer: AthAnswer, secure: boolean): void {
  if (response.destroyed) return
  const headers: Record<string, string | string[]> = { ...securityHeaders }
  if (secure) headers['strict-transport-security'] = 'max-age=31536000'
  for (const name in answer.headers) {
    const value = answer.headers[name] as string | readonly string[]
    headers[name.toLowerCase()] = typeof value === 'string' ? value : [...value]
  }
  headers['content-length'] = String(Buffer.byteLength(answer.body))
  response.writeHead(answer.status, headers)
  response.end(answer.body)
}

function tlsOf({ socket }: IncomingMessage): { readonly tlsVersion?: string } {
  const tlsVersion = socket instanceof TLSSocket ? socket.getProtocol() : null
  return tlsVersion === null ? {} : { tlsVersion }
}

function joined(request: IncomingMessage): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = Object.create(null)
  for (const name in request.headers) {
    const value = request.headers[name]
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}

const tooLarge: Failure = { reason: 'body_over_limit', limitBytes: controlBodyBytes }

function readWhole(request: IncomingMessage): Promise<Result<Uint8Array, Failure>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const timer = setTimeout(() => {
      resolve(fail({ reason: 'caller_aborted' }))
      request.socket.destroy()
    }, bodySeconds * 1000)
    timer.unref()
    const done = (result: Result<Uint8Array, Failure>) => {
      clearTimeout(timer)
      request.off('data', take)
      resolve(result)
    }
    const take = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > controlBodyBytes) done(fail(tooLarge))
      else chunks.push(chunk)
    }
    request.on('data', take)
    request.once('end', () => done(ok(Buffer.concat(chunks))))
    request.once('close', () => done(fail({ reason: 'caller_aborted' })))
  })
}
