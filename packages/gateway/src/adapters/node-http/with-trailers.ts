import http from 'node:http'
import https from 'node:https'
import type { Failure } from '@ath-protocol/types'
import {
  type StreamedBody,
  UploadFailed,
  type UpstreamCall,
  type UpstreamEvents,
  type UpstreamRequest,
  type UpstreamSettings,
} from '@ath-protocol/server/parts'

/** One call whose request has trailers, on a connection of its own. Rare, so it is plain rather than fast. */
export function dispatchWithTrailers(
  settings: UpstreamSettings,
  request: UpstreamRequest,
  events: UpstreamEvents,
): UpstreamCall {
  const body = request.body as StreamedBody
  const { protocol, hostname, port } = settings.origin
  let over = false
  let answer: http.IncomingMessage | undefined
  const fail = (failure: Failure) => {
    if (over) return
    over = true
    clearTimeout(timer)
    events.failed(failure)
    out.destroy()
  }
  const out = (protocol === 'https:' ? https : http).request({
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port || undefined,
    method: request.method,
    path: request.path,
    headers: [
      'host',
      settings.origin.host,
      ...request.headers,
      'transfer-encoding',
      'chunked',
    ] as unknown as http.OutgoingHttpHeaders,
    agent: false,
    maxHeaderSize: 64 * 1024,
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
  })
  const expire = (after: 'connect' | 'headers' | 'body', limitSeconds: number) =>
    setTimeout(fail, limitSeconds * 1000, { reason: 'upstream_timeout', after, limitSeconds })
  let timer = expire('connect', settings.connectTimeoutSeconds)
  const waitFor = (after: 'headers' | 'body', limitSeconds: number) => {
    clearTimeout(timer)
    if (limitSeconds > 0) timer = expire(after, limitSeconds)
  }
  out.on('socket', (socket) => {
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => clearTimeout(timer))
  })
  out.on('finish', () => answer ?? waitFor('headers', settings.headersTimeoutSeconds))
  out.on('error', (error: NodeJS.ErrnoException) =>
    fail(
      error.code?.startsWith('HPE_')
        ? { reason: 'upstream_protocol', cause: error.code }
        : { reason: 'upstream_unreachable', cause: error.code ?? error.name },
    ),
  )
  out.on('response', (response) => {
    answer = response
    if (over) return
    waitFor('body', settings.idleTimeoutSeconds)
    events.answered(response.statusCode as number, response.rawHeaders)
    response.on('data', (chunk: Buffer) => {
      waitFor('body', settings.idleTimeoutSeconds)
      if (!over && !events.data(chunk)) {
        clearTimeout(timer)
        response.pause()
      }
    })
    response.on('error', () => fail({ reason: 'upstream_unreachable', cause: 'ECONNRESET' }))
    response.on('end', () => {
      if (over) return
      over = true
      clearTimeout(timer)
      events.ended(response.rawTrailers)
    })
  })
  body.stream.on('data', (chunk: Buffer) => {
    if (!out.write(chunk)) {
      body.stream.pause()
      out.once('drain', () => body.stream.resume())
    }
  })
  body.stream.on('end', () => {
    out.addTrailers(pairs(body.trailers?.() ?? []))
    out.end()
  })
  body.stream.on('error', (error) =>
    fail(error instanceof UploadFailed ? error.failure : { reason: 'caller_aborted' }),
  )
  return {
    resume: () => {
      if (over) return
      waitFor('body', settings.idleTimeoutSeconds)
      answer?.resume()
    },
    abort: () => {
      over = true
      clearTimeout(timer)
      out.destroy()
    },
  }
}

function pairs(list: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let index = 0; index < list.length; index += 2)
    out.push([list[index] as string, list[index + 1] as string])
  return out
}
