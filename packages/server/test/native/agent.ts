import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AgentKey,
  createAgentKey,
  createIdentityDocument,
  readAgentKey,
} from '@ath-protocol/client'

/** An agent on this machine with its document served, as a developer would have it. */
export async function startAgent(): Promise<{
  readonly agentId: string
  readonly key: AgentKey
  close(): Promise<void>
}> {
  const key = await readAgentKey((await createAgentKey()).privateKeyPem)
  let document = ''
  const server: Server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(document)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agentId = `http://127.0.0.1:${port}/.well-known/agent.json`
  document = JSON.stringify(
    createIdentityDocument({
      agentId,
      name: 'Shopper',
      developer: { name: 'Acme Agents', id: 'acme-agents' },
      publicJwk: key.publicJwk,
    }),
  )
  return {
    agentId,
    key,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
