import { Refused } from '../refused.ts'
import { delivery, type Product } from './products.ts'

/** What is for sale, and how much of it is left. */
export interface Shelf {
  /** All products, or those whose name or description holds the words. */
  search(words: string): readonly Product[]
  /** Throws `no_such_product`. */
  product(id: string): Product
  stock(id: string): number
  /** Throws `out_of_stock` unless so many are left. */
  expect(id: string, quantity: number): void
  /** Takes everything or, when something is short, nothing: then it throws `out_of_stock`. */
  take(wanted: readonly { readonly product: Product; readonly quantity: number }[]): void
}

export function createShelf(): Shelf {
  const products = new Map(delivery.map(({ stock: _, ...product }) => [product.id, product]))
  const left = new Map(delivery.map(({ id, stock }) => [id, stock]))
  const product = (id: string) => {
    const found = products.get(id)
    if (!found) throw new Refused(404, 'no_such_product', `there is no product \`${id}\``)
    return found
  }
  const stock = (id: string) => left.get(id) ?? 0
  const expect = (id: string, quantity: number) => {
    if (stock(id) < quantity)
      throw new Refused(409, 'out_of_stock', `only ${stock(id)} of \`${id}\` left`, {
        product_id: id,
        wanted: quantity,
        stock: stock(id),
      })
  }
  return {
    search(words) {
      const wanted = words.trim().toLowerCase()
      return [...products.values()].filter(({ name, about }) =>
        [name.en, name.zh, about.en, about.zh].some((text) => text.toLowerCase().includes(wanted)),
      )
    },
    product,
    stock,
    expect,
    take(wanted) {
      for (const {
        product: { id },
        quantity,
      } of wanted)
        expect(id, quantity)
      for (const {
        product: { id },
        quantity,
      } of wanted)
        left.set(id, stock(id) - quantity)
    },
  }
}
