import { createCipheriv, createDecipheriv } from 'node:crypto'

type Members = Readonly<Record<string, unknown>>

/** Content type of encrypted requests and answers (U10). */
export const encryptedType = 'application/ath+jwe'

function nonceOf(iv: Uint8Array, seq: number): Buffer {
  const nonce = Buffer.from(iv)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ seq) >>> 0, 8)
  return nonce
}

/** A compact JWE, `dir` with A256GCM, whose nonce is the IV XOR the sequence number. */
export function encrypt(
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
  header: Members & { readonly seq: number },
  message: Members,
): string {
  const head = Buffer.from(
    JSON.stringify({ alg: 'dir', enc: 'A256GCM', typ: 'ath-msg', ...header }),
  ).toString('base64url')
  const nonce = nonceOf(iv, header.seq)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(head))
  const text = Buffer.concat([cipher.update(JSON.stringify(message)), cipher.final()])
  const parts = [nonce, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))
  return `${head}..${parts.join('.')}`
}

/** Throws where it was not encrypted with this key. */
export function decrypt(
  { key }: { readonly key: Uint8Array },
  jwe: string,
): { readonly header: Members; readonly message: Members } {
  const [head = '', , nonce = '', text = '', tag = ''] = jwe.split('.')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'))
  decipher.setAAD(Buffer.from(head))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  const plain = Buffer.concat([decipher.update(text, 'base64url'), decipher.final()])
  return {
    header: JSON.parse(Buffer.from(head, 'base64url').toString()) as Members,
    message: JSON.parse(plain.toString()) as Members,
  }
}
