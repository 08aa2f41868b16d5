const encoder = new TextEncoder()

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/**
 * What is signed instead of a peer's nonce (U1): `label ‖ 0x00 ‖ SHA-256(part) …`. Whoever chooses the parts chooses
 * only hashes behind a label that no other signature of these keys begins with, so that a signature made for one
 * purpose is worth nothing for another, and cannot be made to look like a token.
 */
export async function domainSeparated(
  label: string,
  ...parts: readonly string[]
): Promise<Uint8Array<ArrayBuffer>> {
  const hashes = await Promise.all(parts.map((part) => sha256(bytesOf(part))))
  return joinBytes([bytesOf(label), Uint8Array.of(0), ...hashes])
}
