const alphabet = /^[A-Za-z0-9_-]*$/

/** As much of the ECMAScript proposal "Uint8Array to/from base64" as is used where the runtime has it. */
interface NativeBase64 {
  readonly fromBase64?: (text: string, options: object) => Uint8Array<ArrayBuffer>
  readonly prototype: {
    readonly toBase64?: (this: Uint8Array, options: object) => string
  }
}
const { fromBase64, prototype } = Uint8Array as unknown as NativeBase64
const { toBase64 } = prototype

/** Decodes unpadded base64url, refusing everything but its one canonical spelling (RFC 7515 §2). */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!alphabet.test(text) || text.length % 4 === 1) return undefined
  let bytes: Uint8Array<ArrayBuffer>
  try {
    bytes = fromBase64
      ? fromBase64.call(Uint8Array, text, { alphabet: 'base64url' })
      : fromBinary(atob(text.replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    return undefined
  }
  return encodeBase64url(bytes) === text ? bytes : undefined
}

export function encodeBase64url(bytes: Uint8Array): string {
  if (toBase64) return toBase64.call(bytes, { alphabet: 'base64url', omitPadding: true })
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const fromBinary = (binary: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(binary, (char) => char.charCodeAt(0))
