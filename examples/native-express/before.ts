import express from 'express'

const products = [
  { id: 'tea', name: 'Green tea', price: 12 },
  { id: 'pot', name: 'Tea pot', price: 640 },
]
let cart: string[] = []
const orders: { items: string[] }[] = []

const app = express()
app.use(express.json())

app.get('/api/products', (_req, res) => void res.json(products))
app.get('/api/cart', (_req, res) => void res.json(cart))
app.post('/api/cart', (req, res) => {
  cart.push(req.body.product)
  res.status(201).json(cart)
})
app.get('/api/orders', (_req, res) => void res.json(orders))
app.post('/api/orders', (_req, res) => {
  orders.push({ items: cart })
  cart = []
  res.status(201).json(orders.at(-1))
})

const port = Number(process.env['PORT'] ?? 3000)
app.listen(port, 'localhost', (error) => {
  if (error) throw error
  console.log(`the shop is open: http://localhost:${port}`)
})
