import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditEvent } from '@ath-protocol/server'
import { createSeededRandom, createVirtualClock } from '@sallyport/testing'
import { type AuditOptions, openAudit } from '../../src/adapters/audit-file/open-audit.ts'
import { queryAudit, type AuditQuery } from '../../src/adapters/audit-file/query-audit.ts'
import type { AuditRecord } from '../../src/adapters/audit-file/record.ts'
import { verifyAudit } from '../../src/adapters/audit-file/verify-audit.ts'
import {
  createSeal,
  generateSigningKey,
  openKeys,
  openSigningKey,
  sealingKey,
  systemRandom,
} from '@ath-protocol/server/parts'

const random = createSeededRandom('audit')
const seal = createSeal([sealingKey(Buffer.alloc(32, 1))], random)

export const createSigner = () =>
  openSigningKey(
    'audit',
    generateSigningKey('audit', seal, createVirtualClock()),
    seal,
    'audit.key',
  )

/** The audit key of a data directory: the same in every process. */
export const signerOf = (dir: string) =>
  openKeys({ dir, protects: [], clock: createVirtualClock(), random: systemRandom }).signer('audit')

export const signer = createSigner()
export const otherSigner = createSigner()

export const openTestAudit = (dir: string, options: Partial<AuditOptions> = {}) =>
  openAudit({
    dir,
    signer,
    clock: createVirtualClock(),
    random,
    segmentBytes: 1_000_000,
    durability: 'batched',
    ...options,
  })

export const verifyTestAudit = (dir: string, knownHeads: readonly string[] = []) =>
  verifyAudit({ dir, publicKey: signer.publicJwk(), knownHeads })

export const proxied = (path: string): AuditEvent => ({
  event: 'proxy_request',
  outcome: 'allowed',
  agent_id: 'https://agent.example/agent.json',
  path,
})

/** Writes a closed log with so many records. */
export async function writeLog(
  dir: string,
  records: number,
  options: Partial<AuditOptions> = {},
): Promise<void> {
  const audit = await openTestAudit(dir, options)
  for (let count = 1; count <= records; count++) audit.record(proxied(`/${count}`))
  await audit.close()
}

export async function readAll(
  dir: string,
  query: Partial<AuditQuery> = {},
): Promise<AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of queryAudit({ dir, ...query })) records.push(record)
  return records
}

export const segmentFiles = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .map((name) => join(dir, name))

export const readLinesOf = (file: string): string[] =>
  readFileSync(file, 'utf8').split('\n').slice(0, -1)

export const writeLinesTo = (file: string, lines: readonly string[]): void =>
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))

export const copyLog = (from: string, to: string): void => cpSync(from, to, { recursive: true })
