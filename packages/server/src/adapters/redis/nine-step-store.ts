import { advanceNineStep } from '@ath-protocol/types'
import type { NineStepHandshake, NineStepStore } from '../../ports/nine-step.ts'
import { createTable, type RedisPorts } from './table.ts'

export function createNineStepStore(ports: RedisPorts): NineStepStore {
  const table = createTable<NineStepHandshake>(ports, {
    name: 'nineStep',
    idOf: ({ id }) => id,
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  return {
    async insert(handshake) {
      if (!(await table.insert(handshake)))
        throw new Error('a handshake with this id is stored already')
    },
    find: (id) => table.find(id),
    advance: (id, event, now, changes = {}) =>
      table.update(id, (row) => {
        const next = advanceNineStep(row.state, event, { now, expiresAt: row.expiresAt })
        if (!next.ok) return undefined
        const transcript = { ...row.transcript, ...changes.transcript }
        return { ...row, ...changes, transcript, state: next.value }
      }),
    sweep: (before) => table.sweep(before),
  }
}
