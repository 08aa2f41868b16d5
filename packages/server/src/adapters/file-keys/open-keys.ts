import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random } from '@ath-protocol/types'
import type { Seal } from '../../ports/seal.ts'
import type { Signer } from '../../ports/signer.ts'
import { StartError } from '../start-error.ts'
import { keyName, lostPurposes, manifestFile, presentPurposes, recordMade } from './manifest.ts'
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
 * `store.key` holds one base64url key a line; the first seals, all open. A folder from before a purpose existed gets a
 * key for it. Throws a `StartError` with the fix.
 */
export function openKeys(options: KeysOptions): Keys {
  const { dir, protects, clock, random } = options
  ensurePrivateDirectory(dir)
  const existing = protects.find((path) => existsSync(path))
  const openOrMake = (name: string, make: () => string): string => {
    const file = join(dir, name)
    const text = readPrivateFile(file)
    if (text !== undefined) return text
    createPrivateFile(dir, name, `${make()}\n`)
    // Read back: when two gateways start together, both use what the first one wrote.
    return readPrivateFile(file) ?? ''
  }
  if (existing !== undefined) {
    if (!existsSync(join(dir, masterName))) throw missing(dir, masterName, existing, unreadable)
    for (const purpose of lostPurposes(dir))
      throw missing(dir, keyName(purpose), existing, withoutKey(dir, purpose))
  }
  // Before a key is made the manifest says which were there, and before one is used that it was made.
  const present = presentPurposes(dir)
  if (present.size > 0) recordMade(dir, present)
  const seal = createSeal(
    parseMasterKeys(
      openOrMake(masterName, () => random.token(32)),
      join(dir, masterName),
    ),
    random,
  )
  const signers = new Map(
    purposes.map((purpose) => {
      const sealed = openOrMake(keyName(purpose), () => generateSigningKey(purpose, seal, clock))
      return [purpose, openSigningKey(purpose, sealed, seal, join(dir, keyName(purpose)))]
    }),
  )
  recordMade(dir, new Set(purposes))
  return {
    seal,
    signer: (purpose) => signers.get(purpose) as Signer,
  }
}

const unreadable = 'a new key could not read what is there'

/** What would come of a new key, and how to have it where an operator may want it. */
function withoutKey(dir: string, purpose: Purpose): string {
  if (purpose === 'audit' || purpose === 'assertion') return unreadable
  const loss =
    purpose === 'handshake'
      ? 'with a new key this gateway has another DID, which agents that know the present one refuse, and credentials that it issued are void'
      : 'with a new key the access tokens of live sessions end and agents have to renew them'
  const others = purposes.filter((other) => other !== purpose)
  return `${loss}; to have that all the same, write ${JSON.stringify({ purposes: others })} into ${manifestFile(dir)}`
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

const missing = (dir: string, name: string, existing: string, without: string) =>
  new StartError(
    `the key file ${join(dir, name)} is missing, and ${existing} was written with it`,
    `restore ${join(dir, name)} from its backup (${without}); to begin from nothing, move the whole data directory away`,
  )
