import { hash } from 'node:crypto'
import type { ReplayStore } from '../../ports/replay.ts'
import type { Kysely } from 'kysely'
import { removeExpired } from './remove-expired.ts'
import type { Tables } from './tables.ts'

/** Attestation ids that outlive a restart (R34). The claim is one INSERT on a primary key: of two, one wins. */
export function createReplayStore(db: Kysely<Tables>): ReplayStore {
  return {
    async claim(agentId, jti, expiresAt) {
      const claimHash = hash('sha256', JSON.stringify([agentId, jti]), 'base64url')
      const claimed = await db
        .insertInto('replayClaims')
        .values({ claimHash, expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .returning('claimHash')
        .executeTakeFirst()
      return claimed !== undefined
    },
    sweep: (before) => removeExpired(db, 'replayClaims', before),
  }
}
