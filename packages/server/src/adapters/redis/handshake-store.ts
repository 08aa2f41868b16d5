import { advanceHandshake } from '@ath-protocol/types'
import type { Handshake, HandshakeStore } from '../../ports/handshakes.ts'
import type { Seal } from '../../ports/seal.ts'
import { createTable, type RedisPorts } from './table.ts'

interface Row extends Omit<Handshake, 'codeVerifier' | 'nonce'> {
  readonly sealedCodeVerifier: string
  readonly sealedNonce: string
}

export function createHandshakeStore(ports: RedisPorts, seal: Seal): HandshakeStore {
  const table = createTable<Row>(ports, {
    name: 'handshake',
    idOf: ({ id }) => id,
    // Forgotten once taken: the empty text is no hash and finds nothing.
    unique: ({ opaqueHash, upstreamStateHash }) => ({
      opaque: opaqueHash,
      upstream: upstreamStateHash === '' ? undefined : upstreamStateHash,
    }),
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  const open = (row: Row | undefined) => row && toHandshake(row, seal)
  return {
    async insert(handshake) {
      if (!(await table.insert(toRow(handshake, seal))))
        throw new Error('a handshake with this id, opaque part or upstream state is stored already')
    },
    find: async (id) => open(await table.find(id)),
    findByOpaque: async (opaqueHash) => open(await table.findUnique('opaque', opaqueHash)),
    async takeByUpstreamState(upstreamStateHash) {
      const found = await table.findUnique('upstream', upstreamStateHash)
      if (!found) return undefined
      const taken = await table.update(found.id, (row) =>
        row.upstreamStateHash === upstreamStateHash ? { ...row, upstreamStateHash: '' } : undefined,
      )
      return open(taken && { ...taken, upstreamStateHash })
    },
    advance: async (id, event, now, changes = {}) =>
      open(
        await table.update(id, (row) => {
          const next = advanceHandshake(row.state, event, { now, expiresAt: row.expiresAt })
          return next.ok ? { ...row, ...changes, state: next.value } : undefined
        }),
      ),
    sweep: (before) => table.sweep(before),
  }
}

const contexts = (id: string) => ({
  codeVerifier: `handshakes.codeVerifier:${id}`,
  nonce: `handshakes.nonce:${id}`,
})

function toRow({ codeVerifier, nonce, ...handshake }: Handshake, seal: Seal): Row {
  const context = contexts(handshake.id)
  return {
    ...handshake,
    sealedCodeVerifier: seal.seal(codeVerifier, context.codeVerifier),
    sealedNonce: seal.seal(nonce, context.nonce),
  }
}

function toHandshake({ sealedCodeVerifier, sealedNonce, ...row }: Row, seal: Seal): Handshake {
  const context = contexts(row.id)
  return {
    ...row,
    codeVerifier: seal.open(sealedCodeVerifier, context.codeVerifier),
    nonce: seal.open(sealedNonce, context.nonce),
  }
}
