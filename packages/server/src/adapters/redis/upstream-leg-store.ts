import type { UpstreamLeg, UpstreamLegStore } from '../../ports/nine-step.ts'
import type { Seal } from '../../ports/seal.ts'
import { createTable, type RedisPorts } from './table.ts'

interface Row extends Omit<UpstreamLeg, 'codeVerifier' | 'nonce'> {
  readonly sealedCodeVerifier: string
  readonly sealedNonce: string
}

export function createUpstreamLegStore(ports: RedisPorts, seal: Seal): UpstreamLegStore {
  const table = createTable<Row>(ports, {
    name: 'leg',
    idOf: ({ stateHash }) => stateHash,
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  return {
    async insert({ codeVerifier, nonce, ...leg }) {
      const context = contexts(leg.stateHash)
      const row = {
        ...leg,
        sealedCodeVerifier: seal.seal(codeVerifier, context.codeVerifier),
        sealedNonce: seal.seal(nonce, context.nonce),
      }
      if (!(await table.insert(row))) throw new Error('a leg with this state is stored already')
    },
    async take(stateHash) {
      const row = await table.remove(stateHash)
      if (!row) return undefined
      const { sealedCodeVerifier, sealedNonce, ...leg } = row
      const context = contexts(stateHash)
      return {
        ...leg,
        codeVerifier: seal.open(sealedCodeVerifier, context.codeVerifier),
        nonce: seal.open(sealedNonce, context.nonce),
      }
    },
    sweep: (before) => table.sweep(before),
  }
}

const contexts = (stateHash: string) => ({
  codeVerifier: `upstreamLegs.codeVerifier:${stateHash}`,
  nonce: `upstreamLegs.nonce:${stateHash}`,
})
