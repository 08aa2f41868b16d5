import { AthError } from '@ath-protocol/client'
import { withShop } from './session.ts'

await withShop(async (session) => {
  const products = await session.api<{ id: string; price: number }[]>('GET', '/products')
  const [cheapest] = products.toSorted((one, other) => one.price - other.price)
  console.log('cheapest', cheapest)
  console.log('cart', await session.api('POST', '/cart', { product: cheapest?.id }))
  try {
    await session.api('POST', '/orders')
  } catch (error) {
    if (!(error instanceof AthError)) throw error
    console.log(`order: ${error.code}, ${error.details['rule']}`)
  }
})
