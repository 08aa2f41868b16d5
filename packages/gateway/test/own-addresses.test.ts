import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ownSegments } from '@ath-protocol/server/parts'
import { ask, openWholeGateway } from './gateway.ts'

test('a provider that has the name of one of the gateway’s own addresses does not take its place', async (t) => {
  const names = [...ownSegments].filter((name) => /^[a-z]/.test(name))
  const gateway = await openWholeGateway(
    ({ upstream }) => `
version: 1
gateway: { data_dir: ./data }
providers:
${['oa', ...names].map((id) => `  ${id}: { url: "${upstream}", auth: { kind: none }, scopes: { r: [GET /**] } }`).join('\n')}
`,
  )
  t.after(() => gateway.close())
  for (const path of [
    '/health/live',
    '/.well-known/ath.json',
    '/.well-known/jwks.json',
    '/assets/passkey.js',
    '/me',
    '/login',
    '/logout',
    '/ath/authorize',
  ]) {
    const reply = await ask(`${gateway.url}${path}`)
    assert.equal(reply.headers.get('www-authenticate'), null, path)
    assert.ok([200, 302, 303, 405].includes(reply.status), `${path} ${reply.status}`)
  }
  // Without a token both ways are refused by the proxy, which is what answers there.
  for (const path of ['/oa/x', '/ath/proxy/oa/x', '/ath/proxy/me/x', '/ath/proxy/login/x']) {
    const reply = await ask(`${gateway.url}${path}`)
    assert.equal(reply.status, 401, path)
    assert.match(reply.headers.get('www-authenticate') ?? '', /^Bearer/, path)
  }
})

/** Every address that begins one of our route tables: `'/me/keys': {`, `/^\/ath\/token$/`, `path === '/health/live'`. */
const patterns = [
  /^\s*'\/([a-z.][a-z0-9._-]*)[^']*': \{/gm,
  /\/\^\\\/(\\?[a-z.][a-z0-9._-]*)(?=[\\$])/g,
  /(?:path|target) (?:===|!==) '\/([a-z.][a-z0-9._-]*)/g,
]

test('every address that is served in the sources is among the gateway’s own', () => {
  const folder = fileURLToPath(new URL('../../', import.meta.url))
  const found = new Set<string>()
  for (const part of ['gateway/src', 'server/src'])
    for (const name of readdirSync(join(folder, part), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts') || name.startsWith('admin/')) continue
      const text = readFileSync(join(folder, part, name), 'utf8')
      for (const pattern of patterns)
        for (const match of text.matchAll(pattern)) found.add((match[1] ?? '').replace('\\', ''))
    }
  assert.ok(found.size >= 6, [...found].join(' '))
  for (const segment of found) assert.ok(ownSegments.has(segment), segment)
})
