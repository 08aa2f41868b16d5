import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  createDidKey,
  createNineStepGateway,
  type NineStepGatewayOptions,
} from '@sallyport/testing'
import { readHandshakeKey } from '@ath-protocol/client/nine-step'
import { createAthx } from './athx.ts'

const pemOf = async (key: CryptoKey) => {
  const base64 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`
}

/** The real handlers, an approved agent, and a person whose key is registered. */
async function setUp(t: TestContext, options: NineStepGatewayOptions = {}) {
  const gateway = await createNineStepGateway(options)
  t.after(() => gateway.close())
  const agent = await createDidKey()
  await gateway.approveAgent(agent.did)
  const own = await createAthx(t, {
    ATH_GATEWAY: gateway.url,
    ATH_PRIVATE_KEY: await pemOf(agent.privateKey),
    ATH_USER_KEY: 'me.pem',
  })
  const mode = 0o600
  await writeFile(join(own.home, 'me.pem'), await pemOf(gateway.person.privateKey), { mode })
  const credential = await gateway.credential(agent, { lifetimeSeconds: 30_000 })
  return { ...own, gateway, agent, credential }
}

const scopes = ['--scope', 'oa:read,crm:write']

test('[D1] `handshake` does all nine steps, each with a line, and `call`, `status` and `revoke` go on with its session', async (t) => {
  const { athx, gateway, agent, credential, home } = await setUp(t)
  const shaken = await athx(['handshake', ...scopes, '--why', 'query', '--credential', '-'], {
    stdin: `${credential}\n`,
  })
  assert.equal(shaken.code, 0, shaken.stderr)
  const steps = [...shaken.stderr.matchAll(/^(\d) (\w+)/gm)].map((match) =>
    match.slice(1).join(' '),
  )
  assert.deepEqual(steps, [
    '1 hello',
    '2 server',
    '3 proof',
    '4 approved',
    '5 asking',
    '8 granted',
    '9 session',
  ])
  assert.match(shaken.stderr, /ip_whitelist [\d.]/)
  assert.ok(shaken.stderr.includes(` as ${agent.did}\n`), shaken.stderr)
  assert.match(shaken.stdout, /^oa crm {2}oa:read crm:write {2}59 m left · renews until/)
  assert.equal(gateway.asked[0]?.words, 'query')

  gateway.service = ({ method, path, body }, response) => response.end(`${method} ${path} ${body}`)
  const called = await athx(['call', 'oa', 'get', '/api/approval/list?a=1'])
  assert.deepEqual([called.code, called.stdout], [0, 'GET /api/approval/list?a=1 '], called.stderr)
  const closed = await athx(['call', 'finance', 'GET', '/'])
  assert.equal(closed.code, 4)
  assert.match(closed.stderr, /does not open `finance`, only oa, crm/)
  const made = await athx(['call', 'crm', 'POST', 'api/customer/123', '-d', '{"status":"x"}'])
  assert.equal(made.stdout, 'POST /api/customer/123 {"status":"x"}')

  const state = JSON.parse((await athx(['status', '--json'])).stdout)
  assert.deepEqual(state.session.scopes_granted, ['oa:read', 'crm:write'])
  assert.equal(state.did, agent.did)
  assert.equal(JSON.stringify(state).includes('access_token'), false)

  const files = await readdir(join(home, 'athx'), { recursive: true, withFileTypes: true })
  for (const file of files.filter((one) => one.isFile()))
    assert.equal((await stat(join(file.parentPath, file.name))).mode & 0o777, 0o600, file.name)

  const revoked = await athx(['revoke', 'oa'])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.equal(revoked.stdout, 'revoked  oa\nrevoked  crm\n')
  assert.equal(gateway.seen.at(-1), 'POST /ath/handshake session_end')
  for (const after of [['status'], ['call', 'oa', 'GET', '/x'], ['revoke']])
    assert.equal((await athx(after)).code, 4)
})

test('a key says which DID it makes; a person’s key is made before any gateway is known', async (t) => {
  const { athx } = await createAthx(t, {})
  const made = await athx(['key', 'new'])
  const did = /^did {5}(did:ath:[\w-]{43})$/m.exec(made.stdout)?.[1]
  assert.equal(JSON.parse((await athx(['key', 'show', '--json'])).stdout).did, did)
  const own = await athx(['grant', 'key', 'new'])
  assert.equal(own.code, 0, own.stderr)
  assert.match(own.stdout, /^fingerprint {2}[\w-]{43}\nnext .*register --gateway <url>$/m)
})

test('a token that is about to expire is renewed and kept by the next `call`', async (t) => {
  const { athx, gateway, credential } = await setUp(t)
  gateway.tokenLifetimeSeconds = 50
  const env = { ATH_CREDENTIAL: credential }
  assert.equal((await athx(['handshake', ...scopes], { env })).code, 0)
  gateway.tokenLifetimeSeconds = 3600
  assert.equal((await athx(['call', 'oa', 'GET', '/1'])).code, 0)
  assert.equal((await athx(['call', 'crm', 'GET', '/2'])).code, 0)
  const renewed = await athx(['token', '--renew', 'crm'])
  assert.equal(renewed.code, 0, renewed.stderr)
  assert.match(renewed.stdout, /^crm {2}oa:read crm:write {2}59 m left[^\n]*\n {2}token {2}•+\n$/)
  assert.equal(gateway.seen.filter((one) => one.endsWith('token_refresh')).length, 2)
})

test('a refused handshake says why and exits by its kind', async (t) => {
  const { athx, gateway, credential, agent } = await setUp(t)
  const shake = (args: readonly string[], env: Record<string, string> = {}) =>
    athx(['handshake', ...scopes, ...args], { env: { ATH_CREDENTIAL: credential, ...env } })
  gateway.onAsked = { approved: false }
  const denied = await shake([])
  assert.deepEqual([denied.code, /USER_DENIED/.test(denied.stderr)], [6, true], denied.stderr)
  const pinned = await shake(['--server-did', agent.did])
  assert.equal(pinned.code, 8)
  assert.match(pinned.stderr, /why {4}server_did_differs/)
  const stranger = await createDidKey()
  const unknown = await shake([], { ATH_PRIVATE_KEY: await pemOf(stranger.privateKey) })
  assert.equal(unknown.code, 4)
  const foreign = await shake([], { ATH_CREDENTIAL: await gateway.credential(stranger) })
  assert.equal(foreign.code, 6)
  assert.match(foreign.stderr, /INVALID_CREDENTIAL[\s\S]*credential_of_other_client/)
  const bare = await athx(['handshake', ...scopes])
  assert.equal(bare.code, 3)
  assert.match(bare.stderr, /athx grant make/)
  const shown = await athx(['handshake', ...scopes, '--credential', credential])
  assert.equal(shown.code, 3)
  assert.equal(shown.stderr.includes(credential), false)
  gateway.onAsked = 'wait'
  assert.equal((await shake(['--wait-timeout', '1s'])).code, 6)
})

test('[U10] two processes that share an encrypted session never use one number twice', async (t) => {
  const { athx, home, credential } = await setUp(t)
  const env = { ATH_CREDENTIAL: credential }
  const shaken = await athx(['handshake', ...scopes, '--encrypted'], { env })
  assert.equal(shaken.code, 0, shaken.stderr)
  assert.match(shaken.stdout, /encrypted/)
  // This gateway cannot decrypt: what counts is which numbers were taken.
  await Promise.all([1, 2, 3].map(() => athx(['call', 'oa', 'GET', '/x'])))
  const directory = join(home, 'athx', 'gateways')
  const files = await readdir(directory, { recursive: true, withFileTypes: true })
  const numbers = files.filter((one) => /sequence/.test(one.parentPath)).map(({ name }) => name)
  assert.deepEqual(numbers.filter((name) => /^\d+$/.test(name)).sort(), ['0', '1', '2'])
})

test('[U6] [U7] a person makes and registers a key, gives a permission, answers the question, and takes it back', async (t) => {
  const { athx, start, gateway, agent, home } = await setUp(t)
  gateway.onAsked = 'wait'
  const me = { env: { ATH_USER_KEY: 'mine.pem' } }
  const made = await athx(['grant', 'key', 'new', '--json'], me)
  assert.equal(made.code, 0, made.stderr)
  const { fingerprint, link } = JSON.parse(made.stdout)
  assert.equal((await stat(join(home, 'mine.pem'))).mode & 0o777, 0o600)
  assert.equal((await athx(['grant', 'key', 'new'], me)).code, 3)
  assert.equal((await athx(['inbox'], me)).code !== 0, true)

  const waiting = start(['grant', 'key', 'register', '--wait'], me)
  await waiting.saw('register at')
  const jwk = Buffer.from(new URL(link).searchParams.get('key') ?? '', 'base64url').toString()
  const { publicKey } = await readHandshakeKey(await readFile(join(home, 'mine.pem'), 'utf8'))
  assert.deepEqual(JSON.parse(jwk), publicKey.jwk)
  assert.match(new URL(link).searchParams.get('label') ?? '', /^athx on ./)
  assert.equal(publicKey.thumbprint, fingerprint)
  await gateway.registerKey(publicKey)
  const registered = await waiting.done
  assert.match(registered.stderr, /registered {3}as usr_wang/)

  const offer = ['--agent', agent.did, '--scope', 'oa:read,oa:write', '--for', '9h']
  const misspelt = ['grant', 'make', '--agent', agent.did, '--scope', 'oa:reed']
  const unknown = await athx(misspelt, me)
  assert.deepEqual(
    [unknown.code, /does not offer: oa:reed\n.*oa:read /.test(unknown.stderr)],
    [3, true],
    unknown.stderr,
  )
  const granted = await athx(['grant', 'make', ...offer, '--out', 'grant.jwt', '--json'], me)
  assert.equal(granted.code, 0, granted.stderr)
  const { id, lodged } = JSON.parse(granted.stdout)
  assert.equal(lodged, true)
  assert.equal((await stat(join(home, 'grant.jwt'))).mode & 0o777, 0o600)
  assert.match((await athx(['grant', 'list'], me)).stdout, new RegExp(`^${id} {2}live`))

  const agentRun = start([
    'handshake',
    '--scope',
    'oa:read,oa:write',
    '--credential',
    'grant.jwt',
    '--why',
    'read',
  ])
  await agentRun.saw('5 asking')
  const inbox = await athx(['inbox'], me)
  assert.match(inbox.stdout, /AI Office Assistant of Blue Harbour/)
  assert.match(inbox.stdout, /words {3}“read”/)
  assert.match(inbox.stdout, /limits {2}.*ip_whitelist [\d.]/)
  const reference = /^(\S+)/.exec(inbox.stdout)?.[1] ?? ''
  const wide = await athx(['inbox', 'approve', reference, '--scope', 'crm:write'], me)
  assert.equal(wide.code, 3)
  const long = await athx(['inbox', 'approve', reference, '--for', '2d'], me)
  assert.equal(long.code, 3)
  const approve = ['inbox', 'approve', reference, '--scope', 'oa:read', '--for', '4h']
  const approved = await athx(approve, me)
  assert.equal(approved.code, 0, approved.stderr)
  assert.match(approved.stdout, /^approved .* oa:read {2}for 4 h$/m)
  const session = await agentRun.done
  assert.equal(session.code, 0, session.stderr)
  assert.match(session.stdout, /^oa {2}oa:read {2}/)
  assert.equal((await athx(['inbox'], me)).stdout, 'nothing waits for you\n')
  assert.equal((await athx(['inbox', 'deny', reference], me)).code, 1)

  assert.equal((await athx(['grant', 'revoke', id], me)).code, 0)
  assert.equal((await athx(['status'])).code, 0)
  const after = await athx(['call', 'oa', 'GET', '/x'])
  assert.equal(after.code, 4)
  assert.equal((await athx(['status'])).code, 4)
  const text = await readFile(join(home, 'grant.jwt'), 'utf8')
  assert.equal(text.split('.').length, 3)
})

test('[D15] a no from the terminal is a no, and what needs a passkey is refused with the link', async (t) => {
  const { athx, start, gateway, agent } = await setUp(t)
  gateway.onAsked = 'wait'
  const ask = async (scope: string) =>
    start(['handshake', '--scope', scope, '--credential', 'env'], {
      env: {
        ATH_CREDENTIAL: await gateway.credential(agent, { scopes: [scope] }),
      },
    })
  const first = await ask('oa:read')
  await first.saw('5 asking')
  const { requests } = JSON.parse((await athx(['inbox', '--json'])).stdout)
  assert.equal((await athx(['inbox', 'deny', requests[0].id])).code, 0)
  assert.equal((await first.done).code, 6)

  const risky = await ask('crm:erase')
  await risky.saw('5 asking')
  const shown = await athx(['inbox'])
  assert.match(shown.stdout, /crm:erase .*\(high risk\)/)
  const reference = /^(\S+)/.exec(shown.stdout)?.[1] ?? ''
  const refused = await athx(['inbox', 'approve', reference])
  assert.equal(refused.code, 5)
  assert.match(refused.stderr, /passkey[\s\S]*open http:.*\/ath\/confirm\//)
  // No is no, however it is said.
  assert.equal((await athx(['inbox', 'deny', reference])).code, 0)
  assert.equal((await risky.done).code, 6)
})

test('`inbox --watch` shows questions as they come and go, until it is stopped', async (t) => {
  const { start, gateway, credential } = await setUp(t)
  gateway.onAsked = 'wait'
  const watching = start(['inbox', '--watch'])
  await watching.saw('watching')
  const agentRun = start(['handshake', ...scopes], { env: { ATH_CREDENTIAL: credential } })
  await watching.saw('AI Office Assistant')
  await gateway.answer()
  await watching.saw('gone')
  watching.interrupt()
  assert.equal((await watching.done).code, 130)
  assert.equal((await agentRun.done).code, 0)
})

test('a permission for a DID that is only a name needs the agent’s key, and offline the server’s DID', async (t) => {
  const { athx, agent, home } = await setUp(t)
  const make = (...args: readonly string[]) =>
    athx(['grant', 'make', '--scope', 'oa:read', '--for', '1h', ...args])
  const label = 'did:ath:ai_office_assistant_001'
  assert.equal((await make('--agent', label)).code, 3)
  assert.equal((await make('--agent', label, '--agent-key', 'missing.pem')).code, 3)
  assert.equal((await make('--agent', 'office')).code, 3)
  assert.equal((await make()).code, 3)
  const offline = ['--agent', label, '--agent-key', agent.publicKey.thumbprint, '--offline']
  assert.equal((await make(...offline)).code, 3)
  const signed = await make(...offline, '--server-did', 'did:ath:gateway', '--one-time')
  assert.equal(signed.code, 0, signed.stderr)
  const claims = JSON.parse(Buffer.from(signed.stdout.split('.')[1] ?? '', 'base64url').toString())
  assert.deepEqual(
    [claims.client_did, claims.aud, claims.one_time, claims.cnf.jkt],
    [label, 'did:ath:gateway', true, agent.publicKey.thumbprint],
  )
  await chmod(join(home, 'me.pem'), 0o644)
  const open = await make('--agent', agent.did)
  assert.deepEqual([open.code, /chmod 600/.test(open.stderr)], [3, true])
  await chmod(join(home, 'me.pem'), 0o600)
  await writeFile(join(home, 'agent.pem'), agent.pem)
  const byFile = await make('--agent', agent.did, '--agent-key', 'agent.pem')
  assert.equal(byFile.code, 0, byFile.stderr)
  const { did } = await createDidKey()
  assert.equal((await make('--agent', did, '--agent-key', 'agent.pem')).code, 3)
})
