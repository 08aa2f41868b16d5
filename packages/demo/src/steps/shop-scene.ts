import type { AthClient, AthSession } from '@ath-protocol/client'
import type { ServiceDiscovery } from '@ath-protocol/types'
import type { ShopDoors } from '../shop-doors.ts'

/** What the steps in the shop have at hand, and leave for each other. */
export interface ShopScene {
  readonly doors: ShopDoors
  /** The office assistant as a customer: an agent at a service that speaks ATH itself. */
  readonly assistant: AthClient<ServiceDiscovery>
  readonly sessions: AthSession[]
}

export const shopId = 'example.blueharbour.shop'

/** What the shop tells of an order. */
export interface PlacedOrder {
  readonly id: string
  readonly total: number
  readonly placed_by: { readonly kind: string; readonly name?: string }
  readonly confirmed?: boolean
}

/** The session that an earlier step obtained. */
export function shopSession({ sessions }: ShopScene): AthSession {
  const [session] = sessions
  if (!session) throw new Error('no session at the shop: an earlier step failed')
  return session
}
