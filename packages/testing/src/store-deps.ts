import type { StoreDeps } from '@ath-protocol/server'
import { createSeal, sealingKey } from '@ath-protocol/server/parts'
import { createSeededRandom } from './random.ts'

/** What a store is opened with: always the same key, so that one opened again can read what it sealed. */
export function storeDeps(random = createSeededRandom()): StoreDeps {
  return { seal: createSeal([sealingKey(Buffer.alloc(32, 7))], random), random }
}
