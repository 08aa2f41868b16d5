import { readSettings, tell } from '../settings.ts'

/**
 * The cryptography of one handshake and nothing else: three ES256 signatures, three verifications, an ephemeral key and
 * its agreement, by the same WebCrypto. What a handshake costs beyond this is ours.
 */
const { handshakes, rounds } = readSettings<{
  readonly handshakes: number
  readonly rounds: number
}>()
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' } as const
const hashed = { name: 'ECDSA', hash: 'SHA-256' } as const
const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const
const { subtle } = crypto

const { privateKey, publicKey } = await subtle.generateKey(ecdsa, false, ['sign', 'verify'])
const peer = await subtle.generateKey(ecdh, false, ['deriveBits'])
const input = crypto.getRandomValues(new Uint8Array(300))

const costs: number[] = []
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  const before = process.cpuUsage()
  for (let count = 0; count < handshakes; count++) {
    for (let turn = 0; turn < 3; turn++) {
      const signature = await subtle.sign(hashed, privateKey, input)
      await subtle.verify(hashed, publicKey, signature, input)
    }
    const own = await subtle.generateKey(ecdh, false, ['deriveBits'])
    await subtle.deriveBits({ name: 'ECDH', public: peer.publicKey }, own.privateKey, 256)
  }
  const { user, system } = process.cpuUsage(before)
  if (round > 0) costs.push((user + system) / handshakes)
}
tell({ cpuMicroseconds: costs })
