import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'

/** What a device says about itself in an answer (WebAuthn §6.1); tests change one part at a time. */
export interface Circumstances {
  readonly origin: string
  readonly rpId: string
  readonly challenge: string
  readonly type?: string
  readonly crossOrigin?: boolean
  readonly userPresent?: boolean
  readonly userVerified?: boolean
  readonly counter?: number
}

/** A passkey in software: makes the answers that a browser would send, right or wrong, without a browser. */
export class SoftwarePasskey {
  readonly id: string
  readonly #key: KeyObject
  readonly #cose: Buffer
  readonly #alg: 'ES256' | 'EdDSA'

  constructor(id = 'software-passkey', alg: 'ES256' | 'EdDSA' = 'ES256') {
    this.id = Buffer.from(id).toString('base64url')
    this.#alg = alg
    const { privateKey, publicKey } =
      alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
    this.#key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }))
    this.#cose = coseKey(publicKey.export({ format: 'jwk' }))
  }

  /** The answer of `navigator.credentials.create`, as our script sends it. */
  create(seen: Circumstances): Record<string, unknown> {
    const raw = Buffer.from(this.id, 'base64url')
    const length = Buffer.alloc(2)
    length.writeUInt16BE(raw.length)
    const authData = Buffer.concat([
      authenticatorData(seen, true),
      Buffer.alloc(16),
      length,
      raw,
      this.#cose,
    ])
    const attestation = Buffer.concat([
      Buffer.from([0xa3]),
      text('fmt'),
      text('none'),
      text('attStmt'),
      Buffer.from([0xa0]),
      text('authData'),
      bytes(authData),
    ])
    return this.#answer({
      clientDataJSON: clientData(seen, 'webauthn.create'),
      attestationObject: attestation.toString('base64url'),
      transports: ['internal'],
    })
  }

  /** The answer of `navigator.credentials.get`. */
  get(seen: Circumstances, userHandle?: string): Record<string, unknown> {
    const clientDataJSON = clientData(seen, 'webauthn.get')
    const authData = authenticatorData(seen, false)
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()
    const signature = sign(
      this.#alg === 'ES256' ? 'sha256' : null,
      Buffer.concat([authData, hash]),
      this.#key,
    )
    return this.#answer({
      clientDataJSON,
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
      ...(userHandle === undefined
        ? {}
        : { userHandle: Buffer.from(userHandle).toString('base64url') }),
    })
  }

  #answer(response: object) {
    return { id: this.id, rawId: this.id, type: 'public-key', response, clientExtensionResults: {} }
  }
}

function clientData(seen: Circumstances, type: string): string {
  const { origin, challenge, crossOrigin = false } = seen
  return Buffer.from(
    JSON.stringify({ type: seen.type ?? type, challenge, origin, crossOrigin }),
  ).toString('base64url')
}

function authenticatorData(seen: Circumstances, attested: boolean): Buffer {
  const { userPresent = true, userVerified = true, counter = 0 } = seen
  const flags = (userPresent ? 1 : 0) | (userVerified ? 4 : 0) | (attested ? 0x40 : 0)
  const count = Buffer.alloc(4)
  count.writeUInt32BE(counter)
  return Buffer.concat([
    createHash('sha256').update(seen.rpId).digest(),
    Buffer.from([flags]),
    count,
  ])
}

/** RFC 9053 §7, as CBOR by hand. */
function coseKey(jwk: { readonly x?: string; readonly y?: string }): Buffer {
  const x = Buffer.from(jwk.x ?? '', 'base64url')
  if (jwk.y === undefined)
    return Buffer.concat([Buffer.from([0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21]), bytes(x)])
  const y = Buffer.from(jwk.y, 'base64url')
  return Buffer.concat([
    Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21]),
    bytes(x),
    Buffer.from([0x22]),
    bytes(y),
  ])
}

const text = (value: string) =>
  Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])

function bytes(value: Buffer): Buffer {
  const head =
    value.length < 256 ? [0x58, value.length] : [0x59, value.length >> 8, value.length & 255]
  return Buffer.concat([Buffer.from(head), value])
}
