import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDidKey, createNineStepGateway } from '@sallyport/testing'
import { createAthx, setUp } from './athx.ts'

const appId = 'com.acme.your-app'
const scopes = ['products:read', 'cart:write']

/** A shop that speaks ATH itself and takes nothing on trust. */
const setUpShop = (t: TestContext) =>
  setUp(t, {
    native: { appId, aliases: ['your-app', 'default'] },
    offers: { [appId]: scopes },
    grantLifetimeSeconds: 7200,
  })

test('[R12] the verbs and flags of the tutorial do the whole protocol at an app that speaks ATH itself', async (t) => {
  const { athx, gateway: shop, agent } = await setUpShop(t)
  const common = ['--mode', 'native', '--service', shop.url, '--agent-id', agent.agentId]
  const discovered = await athx(['discover', '--mode', 'native', '--service', shop.url])
  assert.equal(discovered.code, 0, discovered.stderr)
  assert.match(discovered.stdout, /com\.acme\.your-app[^]*products:read cart:write/)

  const asked = ['--provider', 'your-app', '--scopes', 'products:read,cart:write']
  const registered = await athx(['register', ...common, ...asked])
  assert.equal(registered.code, 0, registered.stderr)
  assert.match(registered.stdout, /^approved /)
  const opened = await athx(['authorize', ...common, ...asked, '--json'])
  const { ath_session_id: session } = JSON.parse(opened.stdout)
  shop.userAnswer = scopes
  const got = await athx(['token', ...common, '--code', 'code', '--session', session, '--json'])
  assert.equal(got.code, 0, got.stderr)
  assert.equal(JSON.parse(got.stdout).provider_id, appId)

  shop.upstream = (request, response) => response.end(`${request.method} ${request.url}`)
  const proxied = await athx(['proxy', ...common, 'your-app', 'GET', '/api/products'])
  assert.deepEqual([proxied.code, proxied.stdout], [0, 'GET /api/products'], proxied.stderr)
  assert.equal(shop.seen.at(-1)?.url, '/ath/proxy/your-app/api/products')

  const state = JSON.parse((await athx(['status', ...common, '--json'])).stdout)
  assert.equal(state.service, shop.url)
  assert.equal(state.gateway, undefined)
  assert.equal(state.tokens[0].provider_id, appId)
  const revoked = await athx(['revoke', ...common])
  assert.equal(revoked.stdout, `revoked  ${appId}\n`)
  assert.equal((await athx(['call', ...common, 'GET', '/products'])).code, 4)
  assert.deepEqual(shop.faults, [])
})

test('`--service` alone is enough, no provider is named, and calls go to the app itself', async (t) => {
  const { athx, gateway: shop, agent } = await setUpShop(t)
  shop.userAnswer = scopes
  const named = {
    ATH_AGENT_ID: agent.agentId,
    ATH_PRIVATE_KEY: agent.key.privatePem,
    ATH_KEY_ID: agent.key.kid,
  }
  const bare = { bare: true, env: named }
  const at = ['--service', shop.url]
  const connected = await athx(['connect', ...at, '--scopes', scopes.join(','), '--json'], bare)
  assert.equal(connected.code, 0, connected.stderr)
  assert.equal(JSON.parse(connected.stdout).service, shop.url)
  // It is the default from now on.
  shop.upstream = (request, response) => response.end(`${request.method} ${request.url}`)
  for (const [words, url] of [
    [['GET', '/products?q=tea'], '/api/products?q=tea'],
    [['GET', '/api/products'], '/api/products'],
    [['your-app', 'GET', '/products'], '/api/products'],
    [['GET', '/apiary'], '/api/apiary'],
  ] as const) {
    const called = await athx(['call', ...words], bare)
    assert.equal(called.code, 0, called.stderr)
    assert.equal(shop.seen.at(-1)?.url, url)
    assert.equal(shop.seen.at(-1)?.step, 'direct')
  }
  assert.equal((await athx(['proxy', 'GET', '/api/products'], bare)).code, 0)
  assert.equal(shop.seen.at(-1)?.url, `/ath/proxy/${appId}/api/products`)
  const renewed = await athx(['token', '--renew', '--json'], bare)
  assert.equal(renewed.code, 0, renewed.stderr)
  const checked = await athx(['doctor'], bare)
  assert.match(checked.stdout, /^ok {3} service {5}/m)
  assert.match(checked.stdout, /^ok {3} token {8}com\.acme\.your-app/m)
  assert.equal((await athx(['revoke', 'whatever-it-is-called'], bare)).code, 0)
  assert.deepEqual(shop.faults, [])
})

test('settings say whether an app or a gateway is meant, and two at once are an error, never a guess', async (t) => {
  const { athx } = await createAthx(t, {})
  const meant = async (args: string[], env = {}) => {
    const { stderr } = await athx(['discover', ...args], { env })
    return stderr
  }
  const app = 'http://127.0.0.1:9'
  await athx(['config', 'set', 'service', app])
  assert.match(await meant([]), /NETWORK_ERROR/)
  assert.equal((await athx(['config', 'get', 'service'])).stdout, `${app}\n`)
  await athx(['config', 'set', 'gateway', 'https://gw.invalid'])
  assert.match(await meant([]), /both a service and a gateway are set \(config\)[^]*--mode native/)
  assert.equal((await athx(['config', 'set', 'mode', 'nonsense'])).code, 3)
  await athx(['config', 'set', 'mode', 'native'])
  assert.match(await meant([]), /NETWORK_ERROR/)
  assert.match(await meant(['--gateway', 'nonsense']), /name of a gateway: nonsense/)
  assert.match(await meant([], { ATH_GATEWAY: 'nonsense' }), /name of a gateway: nonsense/)
  assert.match(await meant([], { ATH_SERVICE: 'nonsense' }), /name of a service: nonsense/)
  await athx(['config', 'unset', 'service'])
  assert.match(await meant([]), /no service was given/)
})

test('who comes to an app on this machine unprepared is told the way that leads there', async (t) => {
  const { athx, gateway: shop, agent } = await setUpShop(t)
  const bare = { bare: true, env: { ATH_PRIVATE_KEY: agent.key.privatePem } }
  const at = ['--service', shop.url]
  const early = await athx(['call', 'GET', '/products', ...at], bare)
  assert.equal(early.code, 4)
  assert.ok(early.stderr.includes(`athx connect --service ${shop.url} --scope`), early.stderr)
  assert.doesNotMatch(early.stderr, /athx handshake/)
  const byDid = await athx(['call', 'GET', '/products', ...at, '--did', 'did:web:a.example'], bare)
  assert.match(byDid.stderr, /athx handshake --scope/)
  const nameless = await athx(['register', ...at, '--scopes', 'products:read'], bare)
  assert.match(nameless.stderr, /fix {4}in another terminal: athx agent init --serve /)
  const elsewhere = ['register', '--service', 'https://shop.example', '--scopes', 'products:read']
  assert.match((await athx(elsewhere, bare)).stderr, /athx agent init --id <url>\n/)
  const schemeless = await athx(['discover', '--service', 'localhost:4510'], bare)
  assert.match(schemeless.stderr, /fix {4}write it like http:\/\/localhost:4510\n/)
  const below = await athx(['discover', '--service', `${shop.url}/shop`], bare)
  assert.ok(below.stderr.includes(`GET ${shop.url}/shop/.well-known/ath-app.json`), below.stderr)
  assert.ok(below.stderr.includes(`fix    try ${shop.url}\n`), below.stderr)
})

test('an app and a gateway at one address are kept apart', async (t) => {
  const { athx, gateway: shop, home } = await setUpShop(t)
  shop.userAnswer = scopes
  assert.equal((await athx(['connect', '--scopes', scopes.join(',')])).code, 0)
  const asGateway = await athx(['status', '--offline', '--gateway', shop.url, '--mode', 'gateway'])
  assert.equal(asGateway.code, 4)
  assert.match(asGateway.stdout, /not registered here: athx connect <provider>/)
  assert.deepEqual((await readdir(join(home, 'athx'))).sort(), ['services'])
})

test('a call that the person must confirm tells them where, and waits', async (t) => {
  const { athx, start, gateway: shop } = await setUpShop(t)
  shop.userAnswer = scopes
  await athx(['connect', '--scopes', scopes.join(',')])
  shop.stepUp.needs = (request) => request.method === 'POST'
  shop.upstream = (_request, response) => response.end('ordered')
  const ordering = start(['call', 'POST', '/orders', '--body', '{"total":900}', '--quiet'])
  await ordering.saw(/^confirm {3}http:\/\/127\.0\.0\.1:\d+\/ath\/confirm\/\S+$/m)
  shop.stepUp.answer = 'confirmed'
  const { code, stdout } = await ordering.done
  assert.deepEqual([code, stdout], [0, 'ordered'])
  assert.deepEqual(shop.stepUp.confirmed, ['{"total":900}'])
  shop.stepUp.answer = 'denied'
  const refused = await athx(['call', 'POST', '/orders', '--body', '{"total":901}'])
  assert.equal(refused.code, 6)
})

test('the first registration at an app on this machine makes one key, says so, and keeps to it', async (t) => {
  const { athx, gateway: shop, home } = await setUpShop(t)
  const line = ['register', '--mode', 'native', '--service', shop.url, '--provider', 'your-app']
    .concat('--agent-id', 'https://test-agent.example/.well-known/agent.json')
    .concat('--scopes', 'products:read,cart:write', '--quiet')
  const path = join(home, 'athx', 'keys', 'agent.pem')
  const first = await athx(line, { bare: true })
  assert.match(
    first.stderr,
    /there was no key, so one was made and kept: .*keys\/agent\.pem \(mode 0600\)\n {2}thumbprint {2}[\w-]{43}\n/,
  )
  const made = await readFile(path, 'utf8')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const again = await athx(line, { bare: true })
  assert.equal(again.stderr.includes('there was no key'), false)
  assert.equal(await readFile(path, 'utf8'), made)
  const shown = await athx(['key', 'show', '--json'], { bare: true })
  assert.ok(first.stderr.includes(JSON.parse(shown.stdout).key_id))
})

test('no key is made for an app elsewhere, for a gateway, or where a key was named', async (t) => {
  const { athx, gateway: shop, home } = await setUpShop(t)
  const agent = ['--agent-id', 'https://test-agent.example/.well-known/agent.json']
  const ask = [...agent, '--provider', 'your-app', '--scopes', 'products:read']
  for (const at of [
    ['--service', 'https://shop.example'],
    ['--gateway', shop.url],
    ['--service', shop.url, '--key', join(home, 'mine.pem')],
  ]) {
    const { code, stderr } = await athx(['register', ...at, ...ask], { bare: true })
    assert.equal(code, 3)
    assert.match(stderr, /there is no key at/)
  }
  const { stderr } = await athx(['status', '--service', shop.url, ...agent], { bare: true })
  assert.match(stderr, /there is no key at/)
  assert.equal(await readdir(join(home, 'athx')).catch(() => 'nothing'), 'nothing')
})

test('[D1] the nine-step handshake at an app: by its own scope names, then direct calls', async (t) => {
  const shop = await createNineStepGateway({ native: 'oa' })
  t.after(() => shop.close())
  const agent = await createDidKey()
  await shop.approveAgent(agent.did)
  const key = await crypto.subtle.exportKey('jwk', agent.privateKey)
  const { athx, home } = await createAthx(t, { ATH_PRIVATE_KEY: JSON.stringify(key) })
  await writeFile(
    join(home, 'grant.jwt'),
    await shop.credential(agent, { lifetimeSeconds: 30_000 }),
  )
  const at = ['--mode', 'native', '--service', shop.url]
  const shaken = await athx([
    'handshake',
    ...at,
    '--scopes',
    'oa:read',
    '--credential',
    'grant.jwt',
  ])
  assert.equal(shaken.code, 0, shaken.stderr)
  shop.service = ({ method, path }, response) => response.end(`${method} ${path}`)
  const called = await athx(['call', 'GET', '/approval/list'])
  assert.deepEqual([called.code, called.stdout], [0, 'GET /api/approval/list'], called.stderr)
  const state = JSON.parse((await athx(['status', '--json'])).stdout)
  assert.equal(state.session.service, shop.url)
  assert.match((await athx(['revoke'])).stdout, /^revoked {2}oa\n$/)
  assert.equal((await athx(['call', 'GET', '/approval/list'])).code, 4)
})
