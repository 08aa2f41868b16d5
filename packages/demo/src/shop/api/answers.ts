import type { Product } from '../catalogue/products.ts'
import type { Shelf } from '../catalogue/shelf.ts'
import { toYuan } from '../money.ts'
import type { Cart, Line } from '../orders/carts.ts'
import type { Order } from '../orders/orders.ts'
import type { Hand } from '../people/shopper.ts'

// The wire: snake_case, amounts in yuan.
const currency = 'CNY'

export const productAnswer = ({ id, name, about, priceFen }: Product, shelf: Shelf) => ({
  id,
  name,
  about,
  price: toYuan(priceFen),
  currency,
  stock: shelf.stock(id),
})

const lineAnswer = ({ product, quantity }: Line) => ({
  product_id: product.id,
  name: product.name,
  price: toYuan(product.priceFen),
  quantity,
  subtotal: toYuan(product.priceFen * quantity),
})

/** An item of the cart has the id of its product. */
export const cartAnswer = ({ lines, totalFen, version }: Cart) => ({
  items: lines.map((line) => ({
    id: line.product.id,
    ...lineAnswer(line),
    added_by: handAnswer(line.addedBy),
  })),
  total: toYuan(totalFen),
  currency,
  version,
})

export const orderAnswer = ({ id, placedAt, lines, totalFen, placedBy, confirmed }: Order) => ({
  id,
  placed_at: new Date(placedAt * 1000).toISOString(),
  items: lines.map(lineAnswer),
  total: toYuan(totalFen),
  currency,
  placed_by: handAnswer(placedBy),
  ...(confirmed ? { confirmed: true } : {}),
})

function handAnswer(hand: Hand) {
  switch (hand.kind) {
    case 'person':
      return { kind: hand.kind }
    case 'app':
      return { kind: hand.kind, client_id: hand.clientId }
    case 'agent':
      return { kind: hand.kind, agent_id: hand.id, name: hand.name }
  }
}
