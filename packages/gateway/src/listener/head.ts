import { type Failure, fail, ok, type Result } from '@ath-protocol/types'

/** What the gateway itself needs to know of a request's headers. */
export interface Head {
  readonly authorization: string | undefined
  readonly agentId: string | undefined
  /** Undefined: none, or chunked. */
  readonly contentLength: number | undefined
  readonly chunked: boolean
  readonly announcesTrailers: boolean
  readonly wantsEvents: boolean
}

/**
 * Reads a request's headers once. What two servers could read differently is refused: several `Host` or
 * `Authorization`, transfer codings other than `chunked`. Failure: `request_malformed`.
 */
export function readHead(raw: readonly string[]): Result<Head, Failure> {
  let authorization: string | undefined
  let agentId: string | undefined
  let contentLength: number | undefined
  let chunked = false
  let hosts = 0
  let announcesTrailers = false
  let wantsEvents = false
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    const value = raw[index + 1] as string
    // By length first: few names have to be looked at.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') hosts++
        break
      case 6:
        if (name.toLowerCase() === 'accept') wantsEvents ||= value.includes('text/event-stream')
        break
      case 7:
        if (name.toLowerCase() === 'trailer') announcesTrailers = true
        break
      case 13:
        if (name.toLowerCase() !== 'authorization') break
        if (authorization !== undefined) return malformed('Authorization is sent twice')
        authorization = value
        break
      case 14: {
        const lower = name.toLowerCase()
        if (lower === 'content-length') contentLength = Number(value)
        // Sent twice it is no agent's id, and differs from every one.
        else if (lower === 'x-ath-agent-id')
          agentId = agentId === undefined ? value : `${agentId}, ${value}`
        break
      }
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break
        if (chunked || value.toLowerCase() !== 'chunked')
          return malformed('the only transfer coding understood is `chunked`, once')
        chunked = true
    }
  }
  if (hosts > 1) return malformed('Host is sent twice')
  return ok({ authorization, agentId, contentLength, chunked, announcesTrailers, wantsEvents })
}

const malformed = (problem: string): Result<never, Failure> =>
  fail({ reason: 'request_malformed', errors: [{ path: '', problem }] })
