import type { Failure } from '@ath-protocol/types'
import { UploadFailed, type UpstreamSettings } from '@ath-protocol/server/parts'

/** What an error of undici means for the caller. The message stays inside: upstreams put what they like in it. */
export function failureOf(error: Error, settings: UpstreamSettings): Failure {
  if (error instanceof UploadFailed) return error.failure
  const code = codeOf(error)
  const timeout = (after: 'connect' | 'headers' | 'body', limitSeconds: number): Failure => ({
    reason: 'upstream_timeout',
    after,
    limitSeconds,
  })
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return timeout('connect', settings.connectTimeoutSeconds)
    case 'UND_ERR_HEADERS_TIMEOUT':
      return timeout('headers', settings.headersTimeoutSeconds)
    case 'UND_ERR_BODY_TIMEOUT':
      return timeout('body', settings.idleTimeoutSeconds)
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return { reason: 'upstream_protocol', cause: code }
    default:
      if (code.startsWith('HPE_') || /^bad (response|upgrade)$/.test(error.message))
        return { reason: 'upstream_protocol', cause: code || error.message }
      return { reason: 'upstream_unreachable', cause: code || error.name }
  }
}

/** The upstream closed a kept-alive connection just as we wrote to it: it has not seen the request. */
export function isStaleSocket(error: Error): boolean {
  const code = codeOf(error)
  if (code === 'ECONNRESET' || code === 'EPIPE') return true
  const { socket } = error as { socket?: { bytesRead?: number } }
  return code === 'UND_ERR_SOCKET' && (socket?.bytesRead ?? 0) > 0
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
