import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StartError } from '../start-error.ts'
import { readPrivateFile, replacePrivateFile } from './private-file.ts'
import { type Purpose, purposes } from './signing-key.ts'

/**
 * `manifest.json` says which signing keys were ever made here. By it a key that was lost differs from one of a purpose
 * that came with a newer version: the first is an error, the second is made.
 */
const name = 'manifest.json'

/** Older than the manifest: every data folder has them. */
const always: readonly Purpose[] = ['audit', 'assertion']

export const manifestFile = (dir: string): string => join(dir, name)

export const keyName = (purpose: Purpose): string => `${purpose}.key`

export function presentPurposes(dir: string): ReadonlySet<Purpose> {
  return new Set(purposes.filter((purpose) => existsSync(join(dir, keyName(purpose)))))
}

/**
 * The keys that a folder in use once had and has no more. Where the manifest is lost too, one newer key shows that all
 * were made: in a folder in use none is made before the manifest is there. Without any the folder is older than they are.
 */
export function lostPurposes(dir: string): readonly Purpose[] {
  const present = presentPurposes(dir)
  const guessed = purposes.some((purpose) => !always.includes(purpose) && present.has(purpose))
    ? purposes
    : always
  const made = new Set([...always, ...(readManifest(dir) ?? guessed)])
  return purposes.filter((purpose) => made.has(purpose) && !present.has(purpose))
}

/** Adds to what the manifest says. Durable when it returns. */
export function recordMade(dir: string, made: ReadonlySet<Purpose>): void {
  const known = readManifest(dir)
  if (known && [...made].every((purpose) => known.has(purpose))) return
  const all = purposes.filter((purpose) => made.has(purpose) || known?.has(purpose))
  replacePrivateFile(dir, name, `${JSON.stringify({ purposes: all })}\n`)
}

function readManifest(dir: string): ReadonlySet<Purpose> | undefined {
  const text = readPrivateFile(manifestFile(dir))
  if (text === undefined) return undefined
  const made = purposesIn(text)
  if (made) return made
  throw new StartError(
    `the key manifest ${manifestFile(dir)} is damaged`,
    `restore it from its backup, or write ${JSON.stringify({ purposes })} into it when every key file is in place`,
  )
}

function purposesIn(text: string): ReadonlySet<Purpose> | undefined {
  try {
    const { purposes: listed } = JSON.parse(text) as { readonly purposes?: unknown }
    if (!Array.isArray(listed)) return undefined
    return new Set(purposes.filter((purpose) => listed.includes(purpose)))
  } catch {
    return undefined
  }
}
