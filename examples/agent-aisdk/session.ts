import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AthSession,
  connect,
  createAgentKey,
  createIdentityDocument,
  readAgentKey,
} from '@ath-protocol/client'

/** Does something at the shop for whoever says yes on the page that is printed; the permission ends with it. */
export async function withShop(use: (session: AthSession) => Promise<void>): Promise<void> {
  // An agent that lives longer keeps its key in a file, and its document on a web server.
  const key = await readAgentKey((await createAgentKey()).privateKeyPem)
  const developer = { name: 'Example Ltd', id: 'example.com' }
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const id = `http://127.0.0.1:${port}/.well-known/agent.json`
  const { publicJwk } = key
  const document = createIdentityDocument({ agentId: id, name: 'Shopper', developer, publicJwk })
  try {
    const shop = await connect({
      service: process.env['SHOP'] ?? 'http://localhost:3000',
      agent: { id, key, developer },
      scopes: ['products:read', 'cart:write'],
      why: 'to fill your cart with tea',
    })
    await use(shop.session())
    await shop.revoke()
  } finally {
    server.close()
  }
}
