import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { AthError, checkPublishedKey, readAgentKey } from '@ath-protocol/client'
import { createTestKey } from '@sallyport/testing'

test('the published document is compared with the key at hand, in every form a key may have', async (t) => {
  let document: unknown
  const server = createServer((_request, response) => response.end(JSON.stringify(document)))
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const agentId = `http://127.0.0.1:${port}/.well-known/agent.json`
  const key = await createTestKey('k')
  const { publicJwk } = await readAgentKey(JSON.stringify(key.privateJwk))
  const good = {
    ath_version: '0.1',
    agent_id: agentId,
    name: 'Agent',
    developer: { name: 'D', id: 'd' },
  }
  const { d: _d, ...jwk } = key.privateJwk
  for (const public_key of [jwk, JSON.stringify(jwk), key.publicPem]) {
    document = { ...good, public_key }
    assert.equal((await checkPublishedKey(agentId, publicJwk)).name, 'Agent')
  }
  for (const bad of [
    { ...good, public_key: (await createTestKey('k')).publicJwk },
    { ...good, public_key: key.privateJwk },
    { ...good, public_key: jwk, agent_id: 'https://other.example/.well-known/agent.json' },
  ]) {
    document = bad
    await assert.rejects(
      checkPublishedKey(agentId, publicJwk),
      (error) => error instanceof AthError && error.code === 'ANSWER_REFUSED',
    )
  }
})
