import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Signer } from '@ath-protocol/server/parts'

export type PublicJwk = ReturnType<Signer['publicJwk']>

/** Where the log was at some moment: the last line, its place and its hash. */
export interface Head {
  /** Names the log, so that a head of another log proves nothing about this one. */
  readonly chain: string
  readonly segment: number
  /** Length of the segment file up to and with that line. */
  readonly bytes: number
  /** Sequence number of the last record. */
  readonly seq: number
  readonly hash: string
  /** RFC 3339. */
  readonly at: string
  /** The gateway stopped in order here: until it starts again nothing may follow. */
  readonly closed: boolean
}

export interface SignedHead extends Head {
  readonly kid: string
  /** ES256 over the head, r‖s, base64url. */
  readonly sig: string
}

export async function signHead(head: Head, signer: Signer): Promise<SignedHead> {
  const sig = Buffer.from(await signer.sign(signingInput(head))).toString('base64url')
  return { ...head, kid: signer.kid, sig }
}

/** Answers whether a head is signed by one of the keys given. */
export type HeadCheck = (head: SignedHead) => boolean

export function createHeadCheck(keys: readonly PublicJwk[]): HeadCheck {
  const byKid = new Map<string, KeyObject>(
    keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' })]),
  )
  return (head) => {
    const key = byKid.get(head.kid)
    return (
      key !== undefined &&
      verify(
        'sha256',
        signingInput(head),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(head.sig, 'base64url'),
      )
    )
  }
}

/** The head's text in a file or a database; undefined when it is not one. */
export function readHead(text: string | undefined): SignedHead | undefined {
  try {
    const head = JSON.parse(text ?? '') as Partial<SignedHead>
    const strings = [head.chain, head.hash, head.at, head.kid, head.sig]
    const numbers = [head.segment, head.bytes, head.seq]
    return strings.every((value) => typeof value === 'string') &&
      numbers.every((value) => Number.isSafeInteger(value)) &&
      typeof head.closed === 'boolean'
      ? (head as SignedHead)
      : undefined
  } catch {
    return undefined
  }
}

/** Starts with a text of its own, so that the signature can be taken for nothing else. */
function signingInput({ chain, segment, bytes, seq, hash, at, closed }: Head): Buffer {
  return Buffer.from(
    JSON.stringify(['sallyport audit head v1', chain, segment, bytes, seq, hash, at, closed]),
  )
}
