import type { AthSession } from '@ath-protocol/client'
import { type AthTool, defineTools } from '@ath-protocol/client/tools'
import { z } from 'zod'

/** What a model may do at the shop. Each call is printed with its answer. */
export const shopTools = (session: AthSession): readonly AthTool[] =>
  defineTools(session, {
    list_products: {
      description: 'What the shop sells, with prices',
      method: 'GET',
      path: '/products',
    },
    add_to_cart: {
      description: 'Put a product into the cart',
      method: 'POST',
      path: '/cart',
      input: z.object({ product: z.string().describe('The id of the product') }),
    },
    place_order: {
      description: 'Order what is in the cart',
      method: 'POST',
      path: '/orders',
    },
  }).map(printed)

const printed = (tool: AthTool): AthTool => ({
  ...tool,
  async call(args, options) {
    const answer = await tool.call(args, options)
    const said = answer.ok ? JSON.stringify(answer.value) : answer.error.code
    console.log(`${tool.name} ${JSON.stringify(args)} → ${said}`)
    return answer
  },
})
