import { createHash } from 'node:crypto'
import type { Random } from '@ath-protocol/types'

/** The same seed gives the same tokens in the same order, all different: SHA-256 over a counter. For tests only. */
export function createSeededRandom(seed = 'sallyport'): Random {
  let counter = 0
  const block = () => createHash('sha256').update(`${seed}/${counter++}`).digest()
  return {
    token(bytes) {
      const blocks: Buffer[] = []
      for (let have = 0; have < bytes; have += 32) blocks.push(block())
      return Buffer.concat(blocks).subarray(0, bytes).toString('base64url')
    },
  }
}
