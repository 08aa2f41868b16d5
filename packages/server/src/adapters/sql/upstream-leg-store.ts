import type { UpstreamLegStore } from '../../ports/nine-step.ts'
import type { Kysely } from 'kysely'
import type { Seal } from '../../ports/seal.ts'
import { removeExpired } from './remove-expired.ts'
import { fromJson, toJson } from './row.ts'
import type { Tables } from './tables.ts'

export function createUpstreamLegStore(db: Kysely<Tables>, seal: Seal): UpstreamLegStore {
  return {
    async insert({ codeVerifier, nonce, scopes, ...leg }) {
      const context = contexts(leg.stateHash)
      await db
        .insertInto('upstreamLegs')
        .values({
          ...leg,
          scopes: toJson(scopes),
          sealedCodeVerifier: seal.seal(codeVerifier, context.codeVerifier),
          sealedNonce: seal.seal(nonce, context.nonce),
        })
        .execute()
    },
    async take(stateHash) {
      const row = await db
        .deleteFrom('upstreamLegs')
        .where('stateHash', '=', stateHash)
        .returningAll()
        .executeTakeFirst()
      if (!row) return undefined
      const { sealedCodeVerifier, sealedNonce, ...leg } = row
      const context = contexts(stateHash)
      return {
        ...leg,
        scopes: fromJson(leg.scopes),
        codeVerifier: seal.open(sealedCodeVerifier, context.codeVerifier),
        nonce: seal.open(sealedNonce, context.nonce),
      }
    },
    sweep: (before) => removeExpired(db, 'upstreamLegs', before),
  }
}

const contexts = (stateHash: string) => ({
  codeVerifier: `upstreamLegs.codeVerifier:${stateHash}`,
  nonce: `upstreamLegs.nonce:${stateHash}`,
})
