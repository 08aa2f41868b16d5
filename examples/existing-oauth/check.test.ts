import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError, connect } from '@ath-protocol/client'
import { createVisitor } from '@sallyport/testing'
import { readAddedLines } from '../check/added-lines.ts'
import { startAgent } from '../check/agent.ts'
import { freePort, runScript } from '../check/program.ts'

const folder = import.meta.dirname

test('an app with its own OAuth server takes three added lines, and the README shows them', () => {
  assert.equal(readAddedLines(folder).length, 3)
})

test('an app’s own log-in meets the user’s own token where an agent calls with another, and stays as it is', async (t) => {
  const [port, accountsPort] = [await freePort(), await freePort()]
  const env = { PORT: String(port), ACCOUNTS_PORT: String(accountsPort) }
  const shop = await runScript(t, { folder, script: 'start', env })
  await shop.says(/the shop is open/)
  const service = `http://localhost:${port}`
  assert.equal((await fetch(`${service}/api/products`)).status, 401)

  const connection = await connect({
    service,
    agent: await startAgent(t),
    scopes: ['products:read'],
    why: 'to look around',
    onConsent: ({ authorizationUrl }) => consent(authorizationUrl),
    pollSeconds: 0.1,
  })
  const session = connection.session()
  assert.deepEqual(await session.api('GET', '/api/products'), {
    for: 'wang',
    products: ['tea', 'pot'],
  })
  await assert.rejects(
    session.api('POST', '/api/orders'),
    (error) => error instanceof AthError && error.code === 'SCOPE_NOT_APPROVED',
  )
  const { accessToken, agentId } = session
  const call = (path: string) =>
    fetch(`${service}${path}`, {
      headers: { authorization: `Bearer ${accessToken}`, 'x-ath-agent-id': agentId },
    })
  // The log-in knows nothing of ATH, so an agent’s token is nothing to it.
  const direct = await call('/api/products')
  assert.deepEqual([direct.status, await direct.json()], [401, { error: 'sign in' }])
  await session.revoke()
  assert.equal((await call('/ath/proxy/shop/api/products')).status, 401)
})

/** Signs in at the shop’s OAuth server, says yes at ATH’s page, and yes once more at the OAuth server. */
async function consent(page: string): Promise<void> {
  const person = createVisitor('nowhere:')
  let shown = await person.open(page)
  for (let pages = 0; pages < 6 && /<form/.test(shown.html); pages++)
    shown = await person.submit(
      shown,
      /name="password"/.test(shown.html)
        ? [
            ['login', 'wang'],
            ['password', 'any'],
          ]
        : [
            ['lifetime', '3600'],
            ['decision', 'approve'],
          ],
    )
  assert.equal(shown.status, 200, shown.html)
}
