import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AthError, type CallInit } from '@ath-protocol/client'
import { handshake, type HandshakeSession } from '@ath-protocol/client/nine-step'
import { createUserClient } from '@ath-protocol/client/person'
import { createDidKey, createVisitor, type DidKey, type Visit } from '@sallyport/testing'
import { didOfKey, encryptedMediaType } from '@ath-protocol/types'
import { openStepUp } from './person.ts'
import { frameworks, type RunningShop } from './frameworks.ts'

let shop: RunningShop
let agentKey: DidKey
let did: string
let credential: string

const keyOf = ({ privateKey, publicKey }: DidKey) => ({ privateKey, publicKey: publicKey.key })
const signIn = [
  ['person', 'wang'],
  ['decision', 'approve'],
] as const
const person = createVisitor('nowhere:')

async function open(address: string): Promise<Visit> {
  const page = await person.open(address)
  return page.url.pathname.startsWith('/ath/dev-idp/') ? person.submit(page, signIn) : page
}

before(async () => {
  const [key, userKey] = await Promise.all([createDidKey(), createDidKey()])
  agentKey = key
  did = didOfKey(key.publicKey)
  shop = await frameworks.Express({
    appId: 'com.acme.shop',
    name: 'Acme Shop',
    apiBase: '/api',
    scopes: {
      'products:read': ['GET /api/products/**'],
      'orders:read': { description: 'See your orders' },
      'orders:write': { description: 'Place orders', routes: ['POST /api/orders'] },
    },
    agents: [{ agent: did, allow: ['products:read', 'orders:write'], name: 'Night Shopper' }],
    devIdp: true,
    audit: () => {},
    log: () => {},
  })
  // Step 0: the person registers a key of theirs, and signs what the agent may ask for.
  const user = await createUserClient({ service: shop.url, key: keyOf(userKey) })
  const page = await open(user.registrationUrl('laptop'))
  assert.ok(page.html.includes(user.thumbprint), 'the page shows the fingerprint')
  const added = await person.submit(page, [])
  assert.equal(added.status, 200, added.html)
  const discovery = (await (await fetch(`${shop.url}/.well-known/ath-app.json`)).json()) as {
    readonly server_did: string
  }
  const signed = await user.sign({
    agentDid: did,
    agentThumbprint: agentKey.publicKey.thumbprint,
    serverDid: discovery.server_did,
    scopes: ['com.acme.shop:products:read', 'com.acme.shop:orders:write'],
    lifetimeSeconds: 7200,
  })
  credential = signed.credential
})
after(() => shop.close())

/** The question waits on the person’s page; they follow it, and on to the OAuth server. */
async function answer(decision: 'approve' | 'deny'): Promise<void> {
  const mine = await open(`${shop.url}/ath/me`)
  const link = /href="(\/ath\/confirm\/[^"]+)"/.exec(mine.html)?.[1]
  assert.ok(link, mine.html)
  const question = await open(new URL(link, shop.url).href)
  const next = await person.submit(question, [
    ['lifetime', '3600'],
    ['decision', decision],
  ])
  if (decision === 'deny') return
  const end = await person.submit(next, signIn)
  assert.equal(end.status, 200, end.html)
}

const shake = (
  decision: 'approve' | 'deny',
  options: { readonly encrypted?: boolean } = {},
): Promise<HandshakeSession> =>
  handshake({
    ...options,
    service: shop.url,
    key: keyOf(agentKey),
    scopes: ['products:read', 'orders:write'],
    ttl: 3600,
    context: 'shop at night',
    credential,
    onPending: () => answer(decision),
  })

test('[D1] [U3] [U7] [U9] an agent with nothing but a key gets into an app by the nine steps, and calls it directly', async () => {
  const session = await shake('approve')
  const products = await session.fetch('/products')
  assert.equal(products.status, 200)
  assert.deepEqual(await products.json(), { products: ['lamp'], by: did })
  const ordered = await session.fetch('/orders', {
    method: 'POST',
    body: '{"total":100}',
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(ordered.status, 201)
  // The person’s own token goes to the app’s log-in on the proxy path, as for any agent.
  const proxied = await session.fetch('/ath/proxy/shop/api/products')
  assert.deepEqual(await proxied.json(), { products: ['lamp'], by: 'a person' })

  const token = session.accessToken
  const plain = await fetch(`${shop.url}/api/products`, {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(plain.status, 200)
  await session.end()
  const late = await fetch(`${shop.url}/api/products`, {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(late.status, 401)
})

test('[U10] an encrypted session goes by the proxy path, where the app’s guards ask as ever; in the clear it opens nothing', async () => {
  const session = await shake('approve', { encrypted: true })
  const products = await session.fetch('/products')
  assert.equal(products.status, 200)
  assert.deepEqual(await products.json(), { products: ['lamp'], by: 'a person' })
  const order = (total: number, onStepUp: CallInit['onStepUp'] = 'refuse') =>
    session.fetch('/orders', {
      method: 'POST',
      body: JSON.stringify({ total }),
      headers: { 'content-type': 'application/json' },
      onStepUp,
    })
  const small = await order(100)
  assert.equal(small.status, 201)
  assert.equal(((await small.json()) as { by: string }).by, did)

  // The same door asks the person for a large one, whatever it was wrapped in.
  const confirmed = await order(910, async ({ confirmUrl }) => {
    const mine = await open(confirmUrl)
    const link = [...mine.html.matchAll(/href="(\/ath\/confirm\/[^"]+)"/g)].at(-1)?.[1] ?? ''
    const { question, decide } = await openStepUp(new URL(link, shop.url).href)
    assert.match(question.html, /Order for ¥910/)
    await decide('approve')
  })
  assert.equal(confirmed.status, 201)
  const again = await order(910)
  assert.equal(again.status, 401)
  assert.equal(((await again.json()) as { code: string }).code, 'STEP_UP_REQUIRED')
  assert.equal((await session.fetch('/orders')).status, 403)

  const direct = async (path: string, contentType: string) => {
    const answer = await fetch(`${shop.url}${path}`, {
      method: 'POST',
      body: '{"total":1}',
      headers: { authorization: `Bearer ${session.accessToken}`, 'content-type': contentType },
    })
    return [answer.status, ((await answer.json()) as { code: string }).code]
  }
  for (const path of ['/api/orders', '/ath/proxy/shop/api/orders'])
    assert.deepEqual(await direct(path, 'application/json'), [401, 'TOKEN_INVALID'])
  assert.deepEqual(await direct('/api/orders', encryptedMediaType), [401, 'TOKEN_INVALID'])
})

test('[D15] [U14] a person’s no on their page is a no', async () => {
  await assert.rejects(shake('deny'), (error: unknown) => {
    assert.ok(error instanceof AthError)
    assert.equal(error.code, 'USER_DENIED')
    return true
  })
})

test('[U5] an agent whose DID no rule names is not let in', async () => {
  const stranger = await createDidKey()
  await assert.rejects(
    handshake({
      service: shop.url,
      key: keyOf(stranger),
      scopes: ['products:read'],
      context: 'try',
      credential,
    }),
    (error: unknown) => error instanceof AthError && error.status === 403,
  )
})
