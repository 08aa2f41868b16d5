import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AgentKey,
  createAgentKey,
  createIdentityDocument,
  readAgentKey,
} from '@ath-protocol/client'

/** An agent that lives as long as one try, with its document on this machine. */
export interface TestAgent {
  readonly id: string
  readonly key: AgentKey
  readonly developer: { readonly name: string; readonly id: string }
  /** How often its document was fetched. */
  fetched(): number
  close(): void
}

export async function startTestAgent(): Promise<TestAgent> {
  const made = await createAgentKey()
  const developer = { name: 'athx try', id: 'athx-try' }
  // A path of its own: an app that remembers another test agent of this port is not confused by it.
  const path = `/${randomUUID()}/.well-known/agent.json`
  let text = ''
  let fetched = 0
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === path
    if (found) fetched += 1
    response.writeHead(found ? 200 : 404, {
      'content-type': 'application/json',
      'cache-control': 'max-age=300',
    })
    response.end(found ? text : '{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const id = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  text = JSON.stringify(
    createIdentityDocument({
      agentId: id,
      name: 'Test agent of athx',
      developer,
      publicJwk: made.publicJwk,
    }),
  )
  return {
    id,
    key: await readAgentKey(made.privateKeyPem),
    developer,
    fetched: () => fetched,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
