import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from '@ath-protocol/types'
import { createSeededRandom } from '@sallyport/testing'
import { createSeal, openStore, sealingKey } from '@ath-protocol/server/parts'

/** An empty folder that the caller removes. */
export function createFolder(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-'))
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** Opens the same store, with the same key, each time it is called for a folder. */
export function openTestStore(dir: string, random: Random = createSeededRandom(dir)) {
  const key = sealingKey(Buffer.alloc(32, 7))
  return openStore({ file: join(dir, 'store.db'), seal: createSeal([key], random), random })
}
