import type { PinnedDid } from '@ath-protocol/server'
import { ok, parseDid, type Result } from '@ath-protocol/types'
import { thumbprintOfText } from './pinned-key.ts'
import type { Finding } from './problem.ts'
import type { ConfigFile } from './schema.ts'

export type ReadText = (path: string) => Result<string, string>

/** The DIDs of the file, each with the thumbprint of its key; and what is wrong with them. */
export function readPinnedDids(
  { nine_step: { agents } }: ConfigFile,
  readText: ReadText,
): { readonly pinned: readonly PinnedDid[]; readonly findings: readonly Finding[] } {
  const pinned: PinnedDid[] = []
  const findings: Finding[] = []
  for (const [index, entry] of agents.entries()) {
    const path = ['nine_step', 'agents', index]
    const at = [...path, entry.key === undefined ? 'key_file' : 'key']
    const text = entry.key === undefined ? readText(entry.key_file ?? '') : ok(entry.key)
    if (!text.ok) {
      const problem = `cannot be read: ${text.error}`
      findings.push({ path: at, problem, fix: 'paths begin at this file’s folder' })
      continue
    }
    const thumbprint = thumbprintOfText(text.value)
    if (!thumbprint.ok) {
      const fix = 'give the public key as PEM (-----BEGIN PUBLIC KEY-----) or as JWK'
      findings.push({ path: at, problem: thumbprint.error, fix })
      continue
    }
    if (pinned.some(({ did }) => did === entry.did)) {
      const problem = `\`${entry.did}\` has a key already`
      findings.push({ path: [...path, 'did'], problem, fix: 'keep one' })
    }
    const parsed = parseDid(entry.did)
    const own = parsed.ok && parsed.value.method === 'ath_key' ? parsed.value.thumbprint : undefined
    if (own !== undefined && own !== thumbprint.value) {
      const problem = 'is the DID of another key'
      findings.push({ path: [...path, 'did'], problem, fix: `write did:ath:${thumbprint.value}` })
    }
    pinned.push({
      did: entry.did,
      thumbprint: thumbprint.value,
      name: entry.name,
      developer: entry.developer ?? { name: 'unknown', id: 'unknown' },
    })
  }
  return { pinned, findings }
}
