/** What a control-plane call looks like: the shape of the global `fetch`, with the URL as text. */
export type OutboundFetch = (url: string, init?: RequestInit) => Promise<Response>

/** Longer than any honest answer of an OAuth server, a key set included. */
export const maxAnswerBytes = 1024 * 1024

/** Reads a whole body, or gives undefined as soon as it is over the limit. Bytes are counted as they are decoded. */
export async function readAtMost(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    // Leaving the loop cancels the stream, and with it the connection.
    if (length > limitBytes) return undefined
    chunks.push(chunk)
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}

/**
 * Wraps a fetch so that an answer is whole and small before anybody parses it. Redirects are not followed but handed
 * back: credentials go to the configured endpoint or nowhere (RFC 9700 §4.12). Rejects when the body is over the limit.
 */
export function boundedFetch(fetch: OutboundFetch, limitBytes = maxAnswerBytes): OutboundFetch {
  return async (url, init) => {
    const response = await fetch(url, { ...init, redirect: 'manual' })
    const headers = new Headers(response.headers)
    // The body is decoded and whole now; these told of another one.
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding'])
      headers.delete(name)
    const { status, statusText } = response
    const body = response.body ? await readAtMost(response.body, limitBytes) : null
    if (body === undefined)
      throw Object.assign(new TypeError(`the answer is longer than ${limitBytes} bytes`), {
        code: 'answer_over_limit',
      })
    return new Response(body?.length ? body : null, { status, statusText, headers })
  }
}
