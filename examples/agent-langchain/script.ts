/** What the scripted model does, one call after the other, and what it says in the end. */
export const script = [
  { name: 'list_products', args: {} },
  { name: 'add_to_cart', args: { product: 'tea' } },
  { name: 'place_order', args: {} },
] as const

export const lastWords = 'The tea is in your cart. I was not allowed to order it: that is for you.'
