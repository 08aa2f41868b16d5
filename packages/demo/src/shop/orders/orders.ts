import type { Shelf } from '../catalogue/shelf.ts'
import type { Hand, Shopper } from '../people/shopper.ts'
import { Refused } from '../refused.ts'
import { type Carts, type Line, mostOfOne, totalOf } from './carts.ts'

/** What somebody is about to order: worked out by the shop once, and placed as it was worked out. */
export interface Draft {
  readonly lines: readonly Line[]
  readonly totalFen: number
  readonly fromCart: boolean
}

export interface Order {
  readonly id: string
  /** Unix seconds. */
  readonly placedAt: number
  readonly lines: readonly Line[]
  readonly totalFen: number
  readonly placedBy: Hand
  /** The person said yes to this very order of an agent. */
  readonly confirmed: boolean
}

/** Above this an agent's order waits for its person's yes. */
export const largeAboveFen = 50_000

export const isLarge = ({ totalFen }: Draft): boolean => totalFen > largeAboveFen

export interface Orders {
  /** Newest first. */
  of(shopperId: string): readonly Order[]
  /** Throws `cart_changed` when the cart is not what `version` says, `cart_empty` when nothing is in it. */
  draftFromCart(shopperId: string, version: string): Draft
  /** Throws `no_such_product`. */
  draftOf(wanted: readonly { readonly productId: string; readonly quantity: number }[]): Draft
  /** Throws `out_of_stock`; then nothing was taken. Empties the cart that the draft came from. */
  place(shopper: Shopper, draft: Draft, confirmed?: boolean): Order
}

export function createOrders(shelf: Shelf, carts: Carts): Orders {
  const placed = new Map<string, readonly Order[]>()
  let count = 0
  return {
    of: (shopperId) => placed.get(shopperId) ?? [],
    draftFromCart(shopperId, version) {
      const cart = carts.of(shopperId)
      if (cart.lines.length === 0) throw new Refused(409, 'cart_empty', 'the cart is empty')
      if (cart.version !== version)
        throw new Refused(409, 'cart_changed', 'the cart changed: read it again, then order', {
          version: cart.version,
        })
      return { lines: cart.lines, totalFen: cart.totalFen, fromCart: true }
    },
    draftOf(wanted) {
      const quantities = new Map<string, number>()
      for (const { productId, quantity } of wanted)
        quantities.set(productId, (quantities.get(productId) ?? 0) + quantity)
      const lines = [...quantities].map(([id, quantity]) => {
        if (quantity > mostOfOne)
          throw new Refused(400, 'too_many', `at most ${mostOfOne} of one product`)
        return { product: shelf.product(id), quantity }
      })
      return { lines, totalFen: totalOf(lines), fromCart: false }
    },
    place(shopper, draft, confirmed = false) {
      const { lines, totalFen, fromCart } = draft
      shelf.take(lines)
      count++
      const order: Order = {
        id: `BH-${String(1000 + count)}`,
        placedAt: Math.floor(Date.now() / 1000),
        lines: lines.map(({ product, quantity }) => ({ product, quantity })),
        totalFen,
        placedBy: shopper.hand,
        confirmed,
      }
      placed.set(shopper.id, [order, ...(placed.get(shopper.id) ?? [])])
      if (fromCart) carts.empty(shopper.id)
      return order
    },
  }
}
