import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Failure, renderProblem } from '@ath-protocol/types'

const restBytes = 1024 * 1024
const restMilliseconds = 5000

/** Answers a failure in the ATH error shape. The head must not have been sent. A caller that has left gets nothing. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  failure: Failure,
  recordId: string | undefined,
): void {
  if (response.destroyed) return
  const { status, headers, body } = renderProblem(failure, recordId)
  const text = JSON.stringify(body)
  const list: string[] = ['x-content-type-options', 'nosniff']
  for (const name in headers) list.push(name, headers[name] as string)
  list.push('content-length', String(Buffer.byteLength(text)))
  if (mustClose(request)) list.push('connection', 'close')
  response.writeHead(status, list)
  response.end(text)
  discardRest(request)
}

/** A caller that was told no instead of `100 Continue` may send its body or not: only a new connection is clear. */
function mustClose(request: IncomingMessage): boolean {
  return !request.complete && request.headers.expect !== undefined
}

/**
 * Lets a caller that is still sending read its answer: the rest is taken and dropped, up to 1 MiB and 5 s, since
 * closing on it would throw the answer away with it.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  let left = restBytes
  const end = () => request.socket.destroy()
  const timer = setTimeout(end, restMilliseconds)
  timer.unref()
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) end()
  })
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => clearTimeout(timer))
  request.resume()
}
