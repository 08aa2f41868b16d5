import { decryptMessage, type DirectionKey, type InnerMessage } from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'

/** Longer than any piece that a gateway sends at once. */
const longestPiece = 2_097_152

const refuse = (message: string) => new AthError('ANSWER_REFUSED', { message })

/**
 * The answer to one encrypted request: pieces, one a line, each numbered, bound to the request by its number, the last
 * marked as such. A piece that is missing, comes twice or belongs to another question ends the answer with an error:
 * nothing is passed on that was not all there (U10).
 */
export async function openAnswer(
  response: Response,
  key: DirectionKey,
  expected: { readonly sid: string; readonly req: number },
): Promise<Response> {
  const pieces = decrypt(lines(response), key, expected)
  const first = await pieces.next()
  if (first.done === true) throw refuse('the answer was cut off')
  const { status = response.status, headers } = first.value
  if (status < 200) throw refuse('the answer has no final status')
  const hasNoBody = status === 204 || status === 205 || status === 304
  let waiting: InnerMessage | undefined = first.value
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      for (;;) {
        const next: InnerMessage | undefined = waiting ?? (await pieces.next()).value ?? undefined
        waiting = undefined
        if (!next) return controller.close()
        if (next.body?.length) return controller.enqueue(next.body)
      }
    },
    cancel: async () => void (await pieces.return(undefined)),
  })
  if (hasNoBody) await body.cancel()
  return new Response(hasNoBody ? null : body, { status, headers: headers ?? {} })
}

async function* decrypt(
  source: AsyncGenerator<string, void, undefined>,
  key: DirectionKey,
  { sid, req }: { readonly sid: string; readonly req: number },
): AsyncGenerator<InnerMessage, undefined, undefined> {
  let part = 0
  for await (const line of source) {
    const opened = await decryptMessage(key, line)
    if (!opened.ok) throw refuse('a piece of the answer cannot be decrypted')
    const { header, message } = opened.value
    if (header.sid !== sid || header.req !== req)
      throw refuse('a piece of the answer belongs to another question')
    if (header.part !== part++) throw refuse('a piece of the answer is missing or came twice')
    yield message
    if (header.fin === true) return undefined
  }
  throw refuse('the answer was cut off')
}

async function* lines(response: Response): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += value ?? ''
      const found = rest.split('\n')
      rest = done ? '' : (found.pop() ?? '')
      if (rest.length > longestPiece) throw refuse('a piece of the answer is too long')
      for (const line of found) if (line !== '') yield line
      if (done) return
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
