import Fastify from 'fastify'
import { ath } from '@ath-protocol/server/fastify'
import { athConfig } from './ath.config.ts'

const products = [
  { id: 'tea', name: 'Green tea', price: 12 },
  { id: 'pot', name: 'Tea pot', price: 640 },
]
let cart: string[] = []
const orders: { items: string[] }[] = []

const app = Fastify()
await app.register(ath(athConfig))

app.get('/api/products', async () => products)
app.get('/api/cart', async () => cart)
app.post<{ Body: { product: string } }>('/api/cart', async (request, reply) => {
  cart.push(request.body.product)
  return reply.code(201).send(cart)
})
app.get('/api/orders', async () => orders)
app.post('/api/orders', async (_request, reply) => {
  orders.push({ items: cart })
  cart = []
  return reply.code(201).send(orders.at(-1))
})

const port = Number(process.env['PORT'] ?? 3000)
await app.listen({ port, host: 'localhost' })
console.log(`the shop is open: http://localhost:${port}`)
