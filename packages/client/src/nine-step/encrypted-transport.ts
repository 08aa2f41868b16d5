import {
  type DirectionKey,
  encryptedMediaType,
  encryptMessage,
  importDirection,
  type SessionKeys,
} from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { readGatewayRefusal } from '../service-call.ts'
import type { Transport } from '../transmit.ts'
import { openAnswer } from './open-answer.ts'

export interface EncryptedSession {
  readonly sessionId: string
  readonly keys: SessionKeys
  takeSequence(atLeast: number): number | Promise<number>
}

/** What the gateway must read before it can decrypt; everything else of a request goes inside. */
const outerHeaders = ['authorization', 'x-ath-agent-id']

/** Asked twice, these change nothing (RFC 9110 §9.2.1). */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Encrypts every request with the session's keys and decrypts what comes back (U10). A number that the gateway has seen
 * already, because it was restarted or another process used it, is replaced by one that it takes. The refusal that says
 * so comes in clear: whoever stands behind the TLS could have made it up after the request was carried out. So only a
 * request that changes nothing is sent again; of another one the caller hears, and decides.
 */
export function encryptedTransport(transport: Transport, session: EncryptedSession): Transport {
  const directions = importBoth(session.keys)
  let lowest = 0
  // Whoever sends first hears of it.
  directions.catch(() => undefined)
  const send = async (
    input: Parameters<typeof fetch>[0],
    init: RequestInit | undefined,
    atLeast: number,
  ): Promise<Response> => {
    const { c2s, s2c } = await directions
    const seq = await session.takeSequence(Math.max(atLeast, lowest))
    const { method = 'GET', headers, body, ...rest } = init ?? {}
    const url = new URL(input instanceof Request ? input.url : input)
    const all = new Headers(headers)
    const outer = new Headers({ 'content-type': encryptedMediaType, accept: encryptedMediaType })
    for (const name of outerHeaders) {
      const value = all.get(name)
      if (value !== null) outer.set(name, value)
      all.delete(name)
    }
    const content = body ? await readWhole(body, all) : undefined
    const message = await encryptMessage(
      c2s,
      { sid: session.sessionId, seq, htm: method, htu: url.pathname + url.search },
      { headers: Object.fromEntries(all), ...(content ? { body: content } : {}) },
    )
    const response = await transport.fetch(url, {
      ...rest,
      // `fetch` sends no body with a GET: a POST carries any method, and the one inside is meant.
      method: 'POST',
      headers: outer,
      body: message,
    })
    const isEncrypted = response.headers.get('content-type')?.startsWith(encryptedMediaType)
    if (isEncrypted) return openAnswer(response, s2c, { sid: session.sessionId, req: seq })
    // In clear only the gateway itself refuses, before it knows with which keys to answer.
    const refusal = await readGatewayRefusal(response, { ...transport, timeoutSeconds: 10 })
    if (!refusal) throw new AthError('ANSWER_REFUSED', { message: 'the answer is not encrypted' })
    const next = refusal.details['next_seq']
    if (typeof next !== 'number') return response
    lowest = Math.max(lowest, next, seq + 1)
    if (atLeast > 0 || !safeMethods.has(method.toUpperCase())) return response
    await response.body?.cancel()
    return send(input, init, lowest)
  }
  return { ...transport, fetch: (input, init) => send(input, init, 0) }
}

/** The body as bytes; its own content type, for a form with its boundary, where the caller named none. */
async function readWhole(
  body: NonNullable<RequestInit['body']>,
  headers: Headers,
): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Response(body)
  const type = whole.headers.get('content-type')
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type)
  return new Uint8Array(await whole.arrayBuffer())
}

async function importBoth(
  keys: SessionKeys,
): Promise<{ readonly c2s: DirectionKey; readonly s2c: DirectionKey }> {
  const [c2s, s2c] = await Promise.all([importDirection(keys, 'c2s'), importDirection(keys, 's2c')])
  return { c2s, s2c }
}
