import { hash } from 'node:crypto'
import type { ReplayStore } from '../../ports/replay.ts'
import { createTable, type RedisPorts } from './table.ts'

interface Row {
  /** SHA-256 over agent and jti: keys stay small whatever agents send. */
  readonly claimHash: string
  readonly expiresAt: number
}

/** Attestation ids that outlive a restart (R34). */
export function createReplayStore(ports: RedisPorts): ReplayStore {
  const table = createTable<Row>(ports, {
    name: 'claim',
    idOf: ({ claimHash }) => claimHash,
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  return {
    claim: (agentId, jti, expiresAt) => {
      const claimHash = hash('sha256', JSON.stringify([agentId, jti]), 'base64url')
      return table.insert({ claimHash, expiresAt })
    },
    sweep: (before) => table.sweep(before),
  }
}
