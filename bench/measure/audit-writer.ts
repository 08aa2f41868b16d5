import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEvent } from '@ath-protocol/server'
import { openAudit } from '../../packages/gateway/src/adapters/audit-file/open-audit.ts'
import { openKeys, systemClock, systemRandom } from '@ath-protocol/server/parts'
import { readSettings, tell } from '../settings.ts'

/** Records as a proxied call leaves them, into a real log: chained, written and synced in batches. */
const { records, rounds } = readSettings<{ readonly records: number; readonly rounds: number }>()
const recordsPerTurn = 200

const event: AuditEvent = {
  event: 'proxy_request',
  reached: 'filter',
  outcome: 'allowed',
  agent_id: 'https://agent.example/.well-known/agent.json',
  client_id: 'ath_bench',
  user_id: 'usr_bench',
  provider_id: 'bench',
  grant_id: 'gnt_bench',
  effective_scopes: ['bench:read'],
  method: 'GET',
  path: '/rows/1',
  upstream_status: 200,
  latency_us: 812,
  bytes_in: 0,
  bytes_out: 1024,
  token_ref: '0123456789abcdef',
  ip: '127.0.0.1',
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-audit-'))
const keys = openKeys({
  dir: join(folder, 'keys'),
  protects: [],
  clock: systemClock,
  random: systemRandom,
})
const audit = await openAudit({
  dir: join(folder, 'audit'),
  signer: keys.signer('audit'),
  clock: systemClock,
  random: systemRandom,
  segmentBytes: 64 * 1024 ** 2,
  durability: 'batched',
})
const costs: number[] = []
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  const before = process.cpuUsage()
  for (let count = 0; count < records; count++) {
    audit.record({ ...event, latency_us: count % 5000 })
    // The log writes between turns of the event loop, as it does under a gateway.
    if (count % recordsPerTurn === 0) await new Promise(setImmediate)
  }
  await audit.settled()
  const { user, system } = process.cpuUsage(before)
  if (round > 0) costs.push((user + system) / records)
}
await audit.close()
rmSync(folder, { recursive: true, force: true })
tell({ microsecondsPerRecord: costs })
