import { createHash } from 'node:crypto'
import type { Product } from '../catalogue/products.ts'
import type { Hand } from '../people/shopper.ts'
import { Refused } from '../refused.ts'

export interface Line {
  readonly product: Product
  readonly quantity: number
}

export interface CartLine extends Line {
  /** Who put it there last. */
  readonly addedBy: Hand
}

export interface Cart {
  readonly lines: readonly CartLine[]
  readonly totalFen: number
  /** Says what is in the cart and what it costs; it changes whenever either does. */
  readonly version: string
}

/** One cart for each person, whoever fills it. */
export interface Carts {
  of(shopperId: string): Cart
  /** Adds to what is there; throws `too_many` above the limits. */
  add(shopperId: string, line: CartLine): void
  /** Replaces the quantity; 0 takes the line out. Throws `not_in_cart`. */
  change(shopperId: string, productId: string, quantity: number): void
  empty(shopperId: string): void
}

export const mostOfOne = 99
const mostLines = 20

export function createCarts(): Carts {
  const carts = new Map<string, ReadonlyMap<string, CartLine>>()
  const linesOf = (shopperId: string) => new Map(carts.get(shopperId))
  return {
    of(shopperId) {
      const lines = [...linesOf(shopperId).values()]
      return { lines, totalFen: totalOf(lines), version: versionOf(lines) }
    },
    add(shopperId, line) {
      const lines = linesOf(shopperId)
      const quantity = (lines.get(line.product.id)?.quantity ?? 0) + line.quantity
      if (quantity > mostOfOne)
        throw new Refused(400, 'too_many', `at most ${mostOfOne} of one product`)
      lines.set(line.product.id, { ...line, quantity })
      if (lines.size > mostLines)
        throw new Refused(400, 'too_many', `at most ${mostLines} different products in a cart`)
      carts.set(shopperId, lines)
    },
    change(shopperId, productId, quantity) {
      const lines = linesOf(shopperId)
      const line = lines.get(productId)
      if (!line) throw new Refused(404, 'not_in_cart', `\`${productId}\` is not in the cart`)
      if (quantity === 0) lines.delete(productId)
      else lines.set(productId, { ...line, quantity })
      carts.set(shopperId, lines)
    },
    empty: (shopperId) => void carts.delete(shopperId),
  }
}

export const totalOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { product, quantity }) => sum + product.priceFen * quantity, 0)

function versionOf(lines: readonly Line[]): string {
  const content = lines.map(({ product, quantity }) => [product.id, quantity, product.priceFen])
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22)
}
