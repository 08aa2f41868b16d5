import express, { type RequestHandler } from 'express'
import { openAccounts } from './accounts.ts'

const port = Number(process.env['PORT'] ?? 3000)
const accountsPort = Number(process.env['ACCOUNTS_PORT'] ?? 3001)
const accounts = openAccounts(accountsPort, `http://localhost:${port}`)

/** The shop’s own log-in: a token of its OAuth server, with this scope. */
const signedInFor =
  (scope: string): RequestHandler =>
  async (req, res, next) => {
    const person = await accounts.whoIs(req.headers.authorization)
    if (!person) return void res.status(401).json({ error: 'sign in' })
    if (!person.scopes.includes(scope)) return void res.status(403).json({ error: 'no scope' })
    res.locals['user'] = person.user
    return next()
  }

const app = express()

app.get('/api/products', signedInFor('products:read'), (_req, res) => {
  res.json({ for: res.locals['user'], products: ['tea', 'pot'] })
})
app.post('/api/orders', signedInFor('orders:write'), (_req, res) => {
  res.status(201).json({ for: res.locals['user'] })
})

app.listen(port, 'localhost', (error) => {
  if (error) throw error
  console.log(`the shop is open: http://localhost:${port}`)
})
