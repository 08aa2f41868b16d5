import { readHandshakeKey } from '@ath-protocol/client/nine-step'
import type { ShopAthOptions } from './shop/ath.config.ts'
import { openShop, type RunningShop } from './shop/start-shop.ts'
import type { World } from './world/world.ts'

/** The shop of the demo, and what it decided about agents. */
export interface ShopDoors extends RunningShop {
  /** One record for each decision, oldest first. */
  readonly records: readonly { readonly event: string }[]
}

/** Opens the company's shop: two agents may come, one by each handshake. */
export async function openShopDoors(url: string, world: World): Promise<ShopDoors> {
  const records: { readonly event: string }[] = []
  const shop = await openShop({
    url,
    idp: world.idp,
    agents: {
      agents: await knownAgents(world),
      audit: ({ event }) => void records.push({ event }),
      log: () => undefined,
    },
  })
  return { ...shop, records }
}

async function knownAgents({
  agents: { office },
  didAgents,
}: World): Promise<NonNullable<ShopAthOptions['agents']>> {
  const { publicKey } = await readHandshakeKey(didAgents.office.key)
  return [
    { agent: office.agentId, allow: 'all' },
    {
      agent: didAgents.office.did,
      keyThumbprint: publicKey.thumbprint,
      name: didAgents.office.name,
      allow: ['products:read', 'cart:read', 'cart:write'],
    },
  ]
}
