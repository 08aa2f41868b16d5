import { z } from 'zod'
import { decodeBase64url, encodeBase64url } from '../attestation/base64url.ts'
import { decodeJsonObject } from '../jws/jws.ts'
import { fail, ok, type Result } from '../result.ts'
import { bytesOf, joinBytes } from './domain.ts'
import type { HandshakeFault } from './fault.ts'
import { maxSequence } from './sequence-window.ts'
import type { SessionKeys } from './session-keys.ts'

/** Content type of encrypted requests and answers (U10). */
export const encryptedMediaType = 'application/ath+jwe'

const instantOrCount = z.number().int().nonnegative()
const headerSchema = z.strictObject({
  alg: z.literal('dir'),
  enc: z.literal('A256GCM'),
  typ: z.literal('ath-msg'),
  sid: z.string().min(1).max(128),
  seq: instantOrCount,
  /** Requests: the method. */
  htm: z.string().max(32).optional(),
  /** Requests: path and query as sent. */
  htu: z.string().max(8192).optional(),
  /** Answers: the sequence number of the request, so that an answer cannot be given to another question. */
  req: instantOrCount.optional(),
  /** Answers: which piece of the answer this is, from 0. */
  part: instantOrCount.optional(),
  /** Answers: true on the last piece; an answer without it was cut off. */
  fin: z.boolean().optional(),
})
export type EncryptedHeader = z.infer<typeof headerSchema>

const innerSchema = z.looseObject({
  status: z.number().int().min(100).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** base64url; absent for none. */
  body: z.string().optional(),
})

/** What is inside: the headers that describe the body, and the body. `status` on the first piece of an answer. */
export interface InnerMessage {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
}

export type Direction = 'c2s' | 's2c'

/** One direction's key and IV, imported once per session. */
export interface DirectionKey {
  readonly key: CryptoKey
  readonly iv: Uint8Array<ArrayBuffer>
}

export async function importDirection(
  keys: SessionKeys,
  direction: Direction,
): Promise<DirectionKey> {
  const key = decodeBase64url(direction === 'c2s' ? keys.keyC2s : keys.keyS2c)
  const iv = decodeBase64url(direction === 'c2s' ? keys.ivC2s : keys.ivS2c)
  if (key?.length !== 32 || iv?.length !== 12) throw new TypeError('session keys are damaged')
  return {
    key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']),
    iv,
  }
}

/** IV XOR the sequence number as 96 bits: one nonce a number, never two messages under one (RFC 8446 §5.3). */
function nonceFor(iv: Uint8Array, seq: number): Uint8Array<ArrayBuffer> {
  const nonce = Uint8Array.from(iv)
  const view = new DataView(nonce.buffer)
  view.setUint32(8, view.getUint32(8) ^ (seq % 2 ** 32))
  view.setUint32(4, view.getUint32(4) ^ Math.floor(seq / 2 ** 32))
  return nonce
}

/** Encrypts one message as compact JWE, `dir` and A256GCM (RFC 7516). Throws where the keys are used up: no number may come twice. */
export async function encryptMessage(
  { key, iv }: DirectionKey,
  header: Omit<EncryptedHeader, 'alg' | 'enc' | 'typ'>,
  message: InnerMessage,
): Promise<string> {
  if (header.seq >= maxSequence) throw new RangeError('the keys of this session are used up')
  const full: EncryptedHeader = { alg: 'dir', enc: 'A256GCM', typ: 'ath-msg', ...header }
  const head = encodeBase64url(bytesOf(JSON.stringify(full)))
  const { body, ...rest } = message
  const plain = bytesOf(
    JSON.stringify({ ...rest, ...(body === undefined ? {} : { body: encodeBase64url(body) }) }),
  )
  const nonce = nonceFor(iv, header.seq)
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: nonce, additionalData: bytesOf(head), tagLength: 128 },
      key,
      plain,
    ),
  )
  const text = sealed.subarray(0, -16)
  const tag = sealed.subarray(-16)
  return `${head}..${[nonce, text, tag].map(encodeBase64url).join('.')}`
}

/** Longer than the base64url of any header that the schema takes. */
const maxHeaderLength = 16_384

const malformed = (evidence: string) =>
  fail<HandshakeFault>({ kind: 'message_malformed', evidence })

/** Reads the header of an encrypted message, so that its session can be found. Nothing is trusted yet. */
export function readEncryptedHeader(jwe: string): Result<EncryptedHeader, HandshakeFault> {
  const length = jwe.indexOf('.')
  if (length > maxHeaderLength) return malformed('header')
  const header = headerSchema.safeParse(decodeJsonObject(decodeBase64url(jwe.slice(0, length))))
  return header.success ? ok(header.data) : malformed('header')
}

/**
 * Decrypts one message and checks that its nonce is the one of its sequence number. Not checked here: whether the number
 * came before (`takeSequence`, after this: nobody may use up another's numbers), and what it was sent for (`checkTarget`).
 */
export async function decryptMessage(
  { key, iv }: DirectionKey,
  jwe: string,
): Promise<
  Result<{ readonly header: EncryptedHeader; readonly message: InnerMessage }, HandshakeFault>
> {
  // One more than there are: a message of nothing but dots makes no list of millions.
  const parts = jwe.split('.', 6)
  const [head = '', wrapped, nonceText = '', cipherText = '', tagText = ''] = parts
  if (parts.length !== 5 || wrapped !== '') return malformed('parts')
  const header = readEncryptedHeader(jwe)
  if (!header.ok) return header
  const nonce = decodeBase64url(nonceText)
  const text = decodeBase64url(cipherText)
  const tag = decodeBase64url(tagText)
  if (!nonce || !text || tag?.length !== 16) return malformed('base64url')
  const expected = nonceFor(iv, header.value.seq)
  if (nonce.length !== 12 || expected.some((byte, index) => byte !== nonce[index]))
    return malformed('nonce')
  const plain = await crypto.subtle
    .decrypt(
      { name: 'AES-GCM', iv: nonce, additionalData: bytesOf(head), tagLength: 128 },
      key,
      joinBytes([text, tag]),
    )
    .catch(() => undefined)
  if (!plain) return fail({ kind: 'message_undecryptable' })
  const inner = innerSchema.safeParse(decodeJsonObject(new Uint8Array(plain)))
  if (!inner.success) return malformed('content')
  const { status, headers, body } = inner.data
  const bytes = body === undefined ? undefined : decodeBase64url(body)
  if (body !== undefined && !bytes) return malformed('body')
  return ok({
    header: header.value,
    message: {
      ...(status === undefined ? {} : { status }),
      ...(headers === undefined ? {} : { headers }),
      ...(bytes === undefined ? {} : { body: bytes }),
    },
  })
}

/** Whether a request was encrypted for this session, method and target. */
export function checkTarget(
  header: EncryptedHeader,
  expected: { readonly sessionId: string; readonly method: string; readonly target: string },
): Result<void, HandshakeFault> {
  const same =
    header.sid === expected.sessionId &&
    header.htm === expected.method &&
    header.htu === expected.target
  return same ? ok(undefined) : fail({ kind: 'message_target_differs' })
}
