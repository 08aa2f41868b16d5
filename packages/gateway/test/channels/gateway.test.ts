import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openWholeGateway } from '../gateway.ts'

async function open(t: TestContext, confirm: string) {
  const gateway = await openWholeGateway(
    ({ upstream }) => `version: 1
${confirm}
providers:
  oa:
    url: ${upstream}
    auth: { kind: none }
    scopes:
      oa:read: [GET /api/**]
`,
  )
  t.after(() => gateway.close())
  return gateway
}

test('[U7] a callback of a configured channel that is not signed is refused by the whole gateway and is in its audit log', async (t) => {
  const gateway = await open(
    t,
    'confirm: { channels: [{ kind: slack, bot_token: x, signing_secret: y }] }',
  )
  const response = await fetch(`${gateway.url}/ath/channels/slack`, {
    method: 'POST',
    body: 'payload=%7B%7D',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  assert.equal(response.status, 401)
  assert.equal((await fetch(`${gateway.url}/ath/channels/teams`, { method: 'POST' })).status, 404)
  const folder = join(gateway.dataDir, 'audit')
  const records = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('')
  assert.match(records, /"denial_reason":"callback_signature"/)
})
