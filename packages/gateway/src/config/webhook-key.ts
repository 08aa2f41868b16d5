const keyPrefix = 'whsec_'

/** The bytes of a `whsec_` key; undefined unless it is base64 of 24 to 64 bytes (Standard Webhooks, signature scheme). */
export function readWebhookKey(text: string): Uint8Array | undefined {
  if (!text.startsWith(keyPrefix)) return undefined
  const encoded = text.slice(keyPrefix.length)
  const key = Buffer.from(encoded, 'base64')
  return key.toString('base64') === encoded && key.length >= 24 && key.length <= 64
    ? key
    : undefined
}
