import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createAgentKey, createIdentityDocument, readAgentKey } from '@ath-protocol/client'
import { createVisitor } from '@sallyport/testing'

/** An agent of this machine, with its document served. */
export async function startAgent(t: TestContext) {
  const key = await readAgentKey((await createAgentKey()).privateKeyPem)
  const developer = { name: 'Acme Agents', id: 'acme-agents' }
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(document))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const id = `http://127.0.0.1:${port}/.well-known/agent.json`
  const { publicJwk } = key
  const document = createIdentityDocument({ agentId: id, name: 'Shopper', developer, publicJwk })
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { id, key, developer }
}

/** A person who signs in at the development log-in, and says yes on both pages. */
export async function consent(page: string): Promise<void> {
  const person = createVisitor('nowhere:')
  const signedIn = [['person', 'wang']] as const
  const yes = [['decision', 'approve']] as const
  const question = await person.submit(await person.open(page), [...signedIn, ...yes])
  assert.match(question.html, /Shopper/)
  const oauth = await person.submit(question, [['lifetime', '3600'], ...yes])
  const end = await person.submit(oauth, [...signedIn, ...yes])
  assert.equal(end.status, 200, end.html)
}
