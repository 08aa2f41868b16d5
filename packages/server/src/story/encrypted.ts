import type { HeaderList } from '../proxy/headers.ts'
import {
  encryptedMediaType,
  type Failure,
  fail,
  type HandshakeFault,
  ok,
  type Result,
} from '@ath-protocol/types'
import { fromInnerHeaders } from '../surfaces/http/inner-headers.ts'
import type { EncryptedChannel } from './encrypted-channel.ts'
import type { ProxyCall } from './exchange.ts'
import type { LiveSession } from './live-sessions.ts'
import { readWholeBody } from './read-body.ts'

/** The longest encrypted request; about half of it is left for the body. */
const maxMessageBytes = 8 * 1024 * 1024

/** What was inside an encrypted request (U10). Nothing of it stood in the clear, and nothing else goes upstream. */
export interface Unsealed {
  readonly method: string
  readonly headers: HeaderList
  readonly body: Uint8Array | undefined
  readonly longLived: boolean
  /** The way back: the answer to this request is encrypted for whoever asked. */
  readonly reply: { readonly channel: EncryptedChannel; readonly seq: number }
}

type Proven = Result<{ unsealed: Unsealed | undefined }, Failure>
const inTheClear: Proven = ok({ unsealed: undefined })

const fault = (one: HandshakeFault): Result<never, Failure> =>
  fail({ reason: 'handshake_message', fault: one })

/** A session that agreed to encryption takes nothing else, and one that did not takes no encrypted message (U10). */
export function unseal(
  { channel }: Pick<LiveSession, 'channel'>,
  call: ProxyCall,
): Proven | Promise<Proven> {
  const isEncrypted = contentType(call.headers) === encryptedMediaType
  if (!channel) return isEncrypted ? fault({ kind: 'message_encryption_not_agreed' }) : inTheClear
  if (call.encryption === 'refused') return fault({ kind: 'message_not_encrypted' })
  return isEncrypted ? openMessage(channel, call) : fault({ kind: 'message_not_encrypted' })
}

async function openMessage(channel: EncryptedChannel, call: ProxyCall): Promise<Proven> {
  // The answer to HEAD has no body, and so nothing that could be encrypted.
  if (call.method === 'HEAD') return fail({ reason: 'method_unknown', allow: ['POST'] })
  const read = await readWholeBody(call.body, maxMessageBytes)
  if (!read.ok) return read
  const jwe = Buffer.from(read.value ?? []).toString('latin1')
  const opened = await channel.open(jwe, { method: call.method, target: call.target })
  if (!opened.ok) return opened
  const { message, method, seq } = opened.value
  const headers = fromInnerHeaders(message.headers ?? {})
  if (!headers) return fault({ kind: 'message_malformed', evidence: 'inner headers' })
  const { body } = message
  const longLived = headers.some(
    (text, index) => text === 'accept' && headers[index + 1]?.includes('text/event-stream'),
  )
  return ok({
    unsealed: {
      method,
      headers,
      body: body?.length === 0 ? undefined : body,
      longLived,
      reply: { channel, seq },
    },
  })
}

/** Undefined when there is none, or more than one: then it is nobody's. */
function contentType(headers: HeaderList): string | undefined {
  let found: string | undefined
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== 'content-type') continue
    if (found !== undefined) return undefined
    found = (headers[index + 1] as string).split(';', 1)[0]?.trim().toLowerCase()
  }
  return found
}
