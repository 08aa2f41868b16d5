import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { timeLeft } from '../src/output/time-left.ts'
import { waitingLine } from '../src/output/waiting.ts'
import { setUp } from './athx.ts'

/** Connected to a gateway whose tokens are about to expire when they come, in a grant of eight hours. */
async function connected(t: TestContext, grantLifetimeSeconds?: number) {
  const bench = await setUp(t, grantLifetimeSeconds === undefined ? {} : { grantLifetimeSeconds })
  const { gateway, athx, home } = bench
  gateway.userAnswer = ['oa:read']
  gateway.tokenLifetimeSeconds = 50
  const { code, stderr } = await athx(['connect', 'oa', '--scope', 'oa:read'])
  assert.equal(code, 0, stderr)
  gateway.tokenLifetimeSeconds = 3600
  const kept = async () => {
    const gateways = join(home, 'athx', 'gateways')
    const [profile = ''] = await readdir(gateways)
    const tokens = join(gateways, profile, 'tokens')
    const files = await readdir(tokens)
    assert.equal(files.length, 1)
    const path = join(tokens, files[0] ?? '')
    return {
      mode: (await stat(path)).mode & 0o777,
      session: JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>,
    }
  }
  const count = (step: string) => gateway.seen.filter((one) => one.step === step).length
  return { ...bench, kept, count }
}

test('`call` renews a token that is about to expire and keeps it for its owner alone', async (t) => {
  const { athx, gateway, kept, count } = await connected(t, 28_800)
  const before = await kept()
  const first = await athx(['call', 'oa', 'GET', '/x'])
  assert.deepEqual([first.code, first.stdout, first.stderr], [0, 'upstream', ''])
  const after = await kept()
  assert.equal(after.mode, 0o600)
  assert.notEqual(after.session['accessToken'], before.session['accessToken'])
  assert.deepEqual(after.session['consentedScopes'], ['oa:read'])
  assert.equal(
    gateway.seen.at(-1)?.headers.authorization,
    `Bearer ${String(after.session['accessToken'])}`,
  )
  assert.equal((await athx(['call', 'oa', 'GET', '/x'])).code, 0)
  assert.deepEqual(await kept(), after)
  assert.equal(count('renew'), 1)
  assert.deepEqual(gateway.faults, [])
})

test('`token --renew` gets a fresh token and hides it; `status` says how long it can go on', async (t) => {
  const { athx, gateway, kept, count } = await connected(t, 28_800)
  const early = await athx(['status'])
  assert.match(early.stdout, /oa +oa:read +\d+ s left · renews until .*\d\d:\d\d \(7 h 59 m\)/)
  const renewed = await athx(['token', '--renew', 'oa'])
  assert.equal(renewed.code, 0, renewed.stderr)
  assert.match(
    renewed.stdout,
    /^oa {2}oa:read {2}59 m left · renews until .*\n {2}token {2}ath_tk_•/,
  )
  const { session } = await kept()
  assert.equal(renewed.stdout.includes(String(session['accessToken'])), false)
  const { tokens } = JSON.parse((await athx(['status', '--json'])).stdout)
  assert.equal(tokens[0].grant_expires_at, session['grantExpiresAt'])
  assert.equal(tokens[0].expires_at, session['expiresAt'])
  const json = await athx(['token', '--renew', 'oa', '--json'])
  assert.equal(JSON.parse(json.stdout).access_token, 'ath_tk_••••••')
  assert.equal(count('renew'), 2)

  assert.equal((await athx(['token', '--renew', 'crm'])).code, 4)
  assert.equal((await athx(['token', '--renew', 'oa', '--session', 'x'])).code, 3)
  const { accessToken } = (await kept()).session
  await athx(['revoke', '--token', '-'], { stdin: String(accessToken) })
  const revoked = await athx(['token', '--renew', 'oa'])
  assert.equal(revoked.code, 4)
  assert.match(revoked.stderr, /TOKEN_REVOKED/)
  assert.deepEqual(gateway.faults, [])
})

test('where the gateway does not renew, calls go on as before and `token --renew` says why not', async (t) => {
  const { athx, gateway, kept, count } = await connected(t)
  const before = await kept()
  assert.equal((await athx(['call', 'oa', 'GET', '/x'])).stdout, 'upstream')
  const refused = await athx(['token', '--renew', 'oa'])
  assert.equal(refused.code, 4)
  assert.match(refused.stderr, /RENEWAL_UNSUPPORTED[\s\S]*athx connect/)
  assert.doesNotMatch((await athx(['status'])).stdout, /renews/)
  assert.deepEqual(await kept(), before)
  assert.equal(count('renew'), 0)
  assert.deepEqual(gateway.faults, [])
})

test('the time left names the day only when it is another one', () => {
  const at = (hour: number, minute: number, day = 22) =>
    new Date(2026, 10, day, hour, minute).getTime() / 1000
  const now = at(10, 21)
  const cases: readonly (readonly [number, number | undefined, string])[] = [
    [at(11, 20), at(18, 2), '59 m left · renews until 18:02 (7 h 41 m)'],
    [at(10, 0), at(18, 2), 'expired · renews until 18:02 (7 h 41 m)'],
    [at(11, 20), at(1, 5, 23), '59 m left · renews until 2026-11-23 01:05 (14 h 44 m)'],
    [at(11, 20), at(11, 20), '59 m left'],
    [at(11, 20), undefined, '59 m left'],
    [at(10, 0), at(10, 20), 'expired'],
  ]
  for (const [expiresAt, grantExpiresAt, expected] of cases)
    assert.equal(timeLeft({ expiresAt, grantExpiresAt }, now), expected)
})

test('who waits is told until when: as long as the question stands, or as they said', () => {
  const noon = new Date(2026, 0, 1, 12, 0).getTime() / 1000
  const line = (limitSeconds?: number, url?: string) =>
    waitingLine({ startedAt: noon, limitSeconds, ...(url ? { url } : {}) }, noon + 60)
  const way = '(Ctrl-C stops; --wait-timeout changes it)'
  assert.equal(line(), `waiting for the user, until 12:10 ${way}`)
  const page = 'https://gw.example/ask'
  assert.equal(line(1800, page), `waiting for the user, until 12:31: ${page} ${way}`)
})
