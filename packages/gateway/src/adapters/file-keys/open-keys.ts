import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random } from '@ath-protocol/types'
import type { Seal } from '../../ports/seal.ts'
import type { Signer } from '../../ports/signer.ts'
import { StartError } from '../start-error.ts'
import { createPrivateFile, ensurePrivateDirectory, readPrivateFile } from './private-file.ts'
import { createSeal, type SealingKey, sealingKey } from './seal.ts'
import { generateSigningKey, openSigningKey, type Purpose, purposes } from './signing-key.ts'

export interface KeysOptions {
  /** Holds `store.key` and one `<purpose>.key` for each purpose. */
  readonly dir: string
  /** What the keys protect: where any of these is there already, a missing key is an error and never made anew. */
  readonly protects: readonly string[]
  readonly clock: Clock
  readonly random: Random
}

export interface Keys {
  readonly seal: Seal
  signer(purpose: Purpose): Signer
}

const masterName = 'store.key'

/**
 * The gateway's keys as files of mode 0600: the master key seals the store's secrets and the signing keys beside it.
 * `store.key` holds one base64url key a line; the first seals, all open. Throws a `StartError` with the fix.
 */
export function openKeys(options: KeysOptions): Keys {
  const { dir, protects, clock, random } = options
  ensurePrivateDirectory(dir)
  const existing = protects.find((path) => existsSync(path))
  const openOrMake = (name: string, make: () => string): string => {
    const file = join(dir, name)
    const text = readPrivateFile(file)
    if (text !== undefined) return text
    if (existing !== undefined) throw missing(file, existing)
    createPrivateFile(dir, name, `${make()}\n`)
    // Read back: when two gateways start together, both use what the first one wrote.
    return readPrivateFile(file) ?? ''
  }
  const seal = createSeal(
    parseMasterKeys(
      openOrMake(masterName, () => random.token(32)),
      join(dir, masterName),
    ),
    random,
  )
  const signers = new Map(
    purposes.map((purpose) => {
      const name = `${purpose}.key`
      const sealed = openOrMake(name, () => generateSigningKey(purpose, seal, clock))
      return [purpose, openSigningKey(purpose, sealed, seal, join(dir, name))]
    }),
  )
  return {
    seal,
    signer: (purpose) => signers.get(purpose) as Signer,
  }
}

function parseMasterKeys(text: string, file: string): readonly [SealingKey, ...SealingKey[]] {
  const [first, ...rest] = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const secret = Buffer.from(line.trim(), 'base64url')
      if (secret.length !== 32 || secret.toString('base64url') !== line.trim())
        throw new StartError(
          `the key file ${file} is damaged: each line is a 256-bit key in base64url`,
          'restore it from its backup',
        )
      return sealingKey(secret)
    })
  if (!first) throw new StartError(`the key file ${file} is empty`, 'restore it from its backup')
  return [first, ...rest]
}

const missing = (file: string, existing: string) =>
  new StartError(
    `the key file ${file} is missing, and ${existing} was written with it`,
    `restore ${file} from its backup (a new key could not read what is there); to begin from nothing, move the whole data directory away`,
  )
