import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openGateway } from '../../src/compose.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { LogLine } from '@ath-protocol/server/parts'
import { createFolder } from '../data-folder.ts'
import { freePort, openWholeGateway } from '../gateway.ts'

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

test('start without a channel says where people find what waits for them', async (t) => {
  const folder = createFolder()
  t.after(() => folder.remove())
  const text = `version: 1
gateway: { url: "https://gw.corp.example", listen: { trusted_proxies: [127.0.0.1/32] } }
login: { issuer: "https://idp.corp.example", client_id: a, client_secret: b }
`
  writeFileSync(join(folder.dir, 'sallyport.yaml'), text)
  const config = loadConfig({
    mode: 'start',
    env: {},
    file: 'sallyport.yaml',
    cwd: folder.dir,
    port: await freePort(),
  })
  assert.ok(config.ok, JSON.stringify(config))
  const logs: LogLine[] = []
  const gateway = await openGateway(config.value, (line) => logs.push(line))
  await gateway.drain()
  const warning = logs.find(({ event }) => event === 'no_confirm_channel')
  assert.equal(warning?.level, 'warn')
  assert.match(warning?.message ?? '', /only on https:\/\/gw\.corp\.example\/me or by athx inbox/)
})
