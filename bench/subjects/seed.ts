import { randomBytes } from 'node:crypto'
import { hashSecret } from '@ath-protocol/server'
import type { DidKey } from '@sallyport/testing'
import {
  openKeys,
  openStore,
  type Store,
  systemClock,
  systemRandom,
} from '@ath-protocol/server/parts'
import { layout } from '../../packages/gateway/src/compose/core.ts'
import { agentId, providerId, tokenText } from './gateway.ts'

const clientId = 'ath_bench'
const scopes = ['bench:read', 'bench:write']
const grantId = 'gnt_bench'
const userId = 'usr_bench'

/**
 * Puts an approved agent, a user's grant and `count` tokens into a gateway's data folder, through the gateway's own
 * store. Returns what the tokens begin with (`tokenText`).
 */
export async function seed(dataDir: string, count: number): Promise<string> {
  const store = await openSeeded(dataDir)
  const now = Math.floor(systemClock.now())
  await approve(store, agentId, now)
  const owner = { clientId, agentId, userId, providerId, scopes, expiresAt: now + 28_800 }
  await store.grants.insert({ ...owner, id: grantId, userSource: 'login', createdAt: now })
  const prefix = `ath_tk_${randomBytes(32).toString('base64url').slice(0, 35)}`
  for (let index = 0; index < count; index++)
    await store.tokens.insert({
      ...owner,
      grantId,
      hash: hashSecret(tokenText(prefix, index)),
      issuedAt: now,
    })
  await store.close()
  return prefix
}

/** Who takes part in a handshake. */
export interface Parties {
  readonly agent: DidKey
  readonly user: DidKey
}

/** Puts an agent that is approved under its DID, and a user with a registered key, into a gateway's data folder. */
export async function seedHandshakes(dataDir: string, { agent, user }: Parties): Promise<void> {
  const store = await openSeeded(dataDir)
  const now = Math.floor(systemClock.now())
  await approve(store, agent.did, now)
  const person = await store.logins.ensureUser({
    issuer: 'https://login.example',
    subject: 'bench',
  })
  const { jwk, thumbprint } = user.publicKey
  await store.userKeys.insert({
    thumbprint,
    jwk,
    userId: person.id,
    label: 'bench',
    createdAt: now,
  })
  await store.close()
}

function openSeeded(dataDir: string): Promise<Store> {
  const paths = layout(dataDir)
  const keys = openKeys({ dir: paths.keys, protects: [], clock: systemClock, random: systemRandom })
  return openStore({ file: paths.store, seal: keys.seal, random: systemRandom })
}

async function approve(store: Store, id: string, now: number): Promise<void> {
  await store.registry.insert({
    clientId,
    agentId: id,
    name: 'Bench',
    developer: { name: 'Bench', id: 'bench' },
    status: 'approved',
    requested: [{ providerId, scopes }],
    approvals: [{ provider_id: providerId, approved_scopes: scopes, denied_scopes: [] }],
    approvalExpiresAt: now + 86_400,
    secretHash: hashSecret(randomBytes(32).toString('base64url')),
    registeredAt: now,
    decidedAt: now,
    decidedBy: 'rule:bench',
  })
}
