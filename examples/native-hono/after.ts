import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { ath } from '@ath-protocol/server/hono'
import { athConfig } from './ath.config.ts'

const products = [
  { id: 'tea', name: 'Green tea', price: 12 },
  { id: 'pot', name: 'Tea pot', price: 640 },
]
let cart: string[] = []
const orders: { items: string[] }[] = []

const app = new Hono()
app.use(ath(athConfig))

app.get('/api/products', (c) => c.json(products))
app.get('/api/cart', (c) => c.json(cart))
app.post('/api/cart', async (c) => {
  const { product } = await c.req.json<{ product: string }>()
  cart.push(product)
  return c.json(cart, 201)
})
app.get('/api/orders', (c) => c.json(orders))
app.post('/api/orders', (c) => {
  orders.push({ items: cart })
  cart = []
  return c.json(orders.at(-1), 201)
})

const port = Number(process.env['PORT'] ?? 3000)
serve({ fetch: app.fetch, port, hostname: 'localhost' }, () =>
  console.log(`the shop is open: http://localhost:${port}`),
)
