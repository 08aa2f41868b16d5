import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AuditEvent } from '@ath-protocol/server'
import { createSeededRandom, createVirtualClock } from '@sallyport/testing'
import {
  canHavePasskeys,
  createChallenges,
  createEnrolment,
  createPasskeys,
  type LoginSession,
  type Person,
  relyingPartyOf,
  type Store,
} from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from './data-folder.ts'
import { type Circumstances, SoftwarePasskey } from './software-passkey.ts'

const base = 'https://gw.example.com'
const alias = 'https://ath.gw.example.com:8443'
const clock = createVirtualClock()
const folder = createFolder()
let store: Store
before(async () => {
  store = await openTestStore(folder.dir)
})
after(async () => {
  await store.close()
  folder.remove()
})

const wang: Person = { id: 'usr_wang', issuer: 'i', subject: 's', name: 'Wang Xiao' }
const session = { hash: 'session-of-wang' } as LoginSession
const challenge = new Uint8Array(32).fill(7)
const answered = Buffer.from(challenge).toString('base64url')
const usual: Circumstances = { origin: base, rpId: 'gw.example.com', challenge: answered }

let events: AuditEvent[]
let number = 0
let id: string
beforeEach(async () => {
  events = []
  for (const { credentialId } of await store.passkeys.list(wang.id))
    await store.passkeys.remove(wang.id, credentialId)
  id = `passkey ${number++}`
})

function open() {
  const audit = {
    record: (event: AuditEvent) => `evt_${events.push(event)}`,
    settled: async () => {},
  }
  const party = relyingPartyOf(base, [alias])
  const challenges = createChallenges({ clock, random: createSeededRandom(id) })
  const ports = { store: store.passkeys, party, clock, audit, challenges }
  return { passkeys: createPasskeys(ports), enrolment: createEnrolment(ports) }
}

async function enrol(passkey: SoftwarePasskey, changes: Partial<Circumstances> = {}) {
  const { enrolment } = open()
  const options = JSON.parse(await enrolment.creationOptions(wang, session))
  const seen = { ...usual, challenge: options.challenge, ...changes }
  const added = await enrolment.add(wang, session, 'laptop', JSON.stringify(passkey.create(seen)))
  return added.ok ? 'added' : added.error
}

async function verify(
  answer: object | string,
  { userId = wang.id, over = challenge } = {},
): Promise<string> {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
  const verified = await open().passkeys.verify(userId, over, text)
  return verified.ok ? 'verified' : verified.error
}

for (const alg of ['ES256', 'EdDSA'] as const)
  test(`[U7] a passkey with ${alg} is enrolled and confirms`, async () => {
    const passkey = new SoftwarePasskey(id, alg)
    assert.equal(await enrol(passkey), 'added')
    assert.equal(await verify(passkey.get(usual)), 'verified')
    assert.equal(await verify(passkey.get({ ...usual, origin: alias }, wang.id)), 'verified')
    assert.equal(await open().passkeys.has(wang.id), true)
    assert.equal(await open().passkeys.has('usr_li'), false)
  })

test('the browser is asked for the person’s own passkeys, with user verification and without attestation', async () => {
  const passkey = new SoftwarePasskey(id)
  await enrol(passkey)
  const { passkeys, enrolment } = open()
  const get = JSON.parse(await passkeys.requestOptions(wang.id, challenge))
  assert.equal(get.userVerification, 'required')
  assert.equal(get.rpId, 'gw.example.com')
  assert.equal(get.challenge, answered)
  assert.ok(get.allowCredentials.some((one: { id: string }) => one.id === passkey.id))
  assert.deepEqual(
    JSON.parse(await passkeys.requestOptions('usr_li', challenge)).allowCredentials,
    [],
  )
  const create = JSON.parse(await enrolment.creationOptions(wang, session))
  assert.equal(create.attestation, 'none')
  assert.equal(create.authenticatorSelection.userVerification, 'required')
  assert.deepEqual(
    create.pubKeyCredParams.map(({ alg }: { alg: number }) => alg),
    [-7, -8],
  )
  assert.ok(create.excludeCredentials.some((one: { id: string }) => one.id === passkey.id))
})

const wrongAssertions: Readonly<Record<string, [Partial<Circumstances>, string]>> = {
  'over another challenge': [
    { challenge: Buffer.alloc(32).toString('base64url') },
    'assertion_wrong',
  ],
  'from another site': [{ origin: 'https://evil.example' }, 'assertion_wrong'],
  'from our host over http': [{ origin: 'http://gw.example.com' }, 'assertion_wrong'],
  'for another site': [{ rpId: 'evil.example' }, 'assertion_wrong'],
  'that is an enrolment': [{ type: 'webauthn.create' }, 'assertion_wrong'],
  'from inside another page': [{ crossOrigin: true }, 'malformed'],
  'without user verification': [{ userVerified: false }, 'user_not_verified'],
  'without anybody there': [{ userPresent: false }, 'assertion_wrong'],
}
for (const [what, [changes, fault]] of Object.entries(wrongAssertions))
  test(`[U7] an answer ${what} confirms nothing`, async () => {
    const passkey = new SoftwarePasskey(id)
    await enrol(passkey)
    assert.equal(await verify(passkey.get({ ...usual, ...changes })), fault)
    assert.equal((await store.passkeys.find(passkey.id))?.lastUsedAt, undefined)
  })

test('[U7] nobody confirms with another person’s passkey', async () => {
  const passkey = new SoftwarePasskey(id)
  await enrol(passkey)
  assert.equal(await verify(passkey.get(usual), { userId: 'usr_li' }), 'credential_of_other_user')
  assert.equal(await verify(passkey.get(usual, 'usr_li')), 'credential_of_other_user')
  assert.equal(await verify(new SoftwarePasskey('unknown').get(usual)), 'credential_unknown')
  // Another key under the name of this one.
  assert.equal(await verify(new SoftwarePasskey(id).get(usual)), 'assertion_wrong')
})

test('[U7] a passkey that was removed confirms nothing', async () => {
  const passkey = new SoftwarePasskey(id)
  await enrol(passkey)
  await store.passkeys.remove(wang.id, passkey.id)
  assert.equal(await verify(passkey.get(usual)), 'credential_unknown')
})

test('[D19] a counter goes up, or stays at nothing; one that does neither is a copy', async () => {
  const passkey = new SoftwarePasskey(id)
  await enrol(passkey, { counter: 3 })
  assert.equal(await verify(passkey.get({ ...usual, counter: 4 })), 'verified')
  for (const counter of [4, 3, 0])
    assert.equal(await verify(passkey.get({ ...usual, counter })), 'counter_regressed')
  assert.equal((await store.passkeys.find(passkey.id))?.counter, 4)
  assert.equal(await verify(passkey.get({ ...usual, counter: 9 })), 'verified')
})

test('[D19] an unsigned counter raises no alarm', async () => {
  const passkey = new SoftwarePasskey(id)
  await enrol(passkey, { counter: 5 })
  const stranger = new SoftwarePasskey(id)
  assert.equal(await verify(stranger.get({ ...usual, counter: 1 })), 'assertion_wrong')
})

test('[D19] of two answers with one counter one counts', async () => {
  const passkey = new SoftwarePasskey(id)
  await enrol(passkey, { counter: 1 })
  const answer = passkey.get({ ...usual, counter: 2 })
  const outcomes = await Promise.all([verify(answer), verify(answer)])
  assert.deepEqual(outcomes.sort(), ['counter_regressed', 'verified'])
})

const good = () => new SoftwarePasskey(id).get(usual)
const malformed: Readonly<Record<string, () => object | string>> = {
  nothing: () => '',
  'no JSON': () => '{',
  'a list': () => [],
  'a number': () => '1',
  'no response': () => ({ ...good(), response: undefined }),
  'another type': () => ({ ...good(), type: 'password' }),
  'an id that is not base64url': () => ({ ...good(), id: 'a b' }),
  'extension results': () => ({ ...good(), clientExtensionResults: { appid: true } }),
  'client data that is no JSON': () => ({
    ...good(),
    response: { ...(good()['response'] as object), clientDataJSON: 'AAAA' },
  }),
  'more than anybody needs': () => JSON.stringify({ ...good(), padding: 'x'.repeat(20_000) }),
}
for (const [what, make] of Object.entries(malformed))
  test(`[U7] ${what} is no answer of a passkey`, async () => {
    await enrol(new SoftwarePasskey(id))
    assert.equal(await verify(make()), 'malformed')
  })

const wrongEnrolments: Readonly<Record<string, [Partial<Circumstances>, string]>> = {
  'over a challenge that nobody gave': [{ challenge: answered }, 'challenge_unknown'],
  'from another site': [{ origin: 'https://evil.example' }, 'attestation_wrong'],
  'for another site': [{ rpId: 'evil.example' }, 'attestation_wrong'],
  'without user verification': [{ userVerified: false }, 'attestation_wrong'],
  'that is a confirmation': [{ type: 'webauthn.get' }, 'attestation_wrong'],
  'from inside another page': [{ crossOrigin: true }, 'malformed'],
}
for (const [what, [changes, fault]] of Object.entries(wrongEnrolments))
  test(`[D19] a passkey ${what} is not added, and that is recorded`, async () => {
    assert.equal(await enrol(new SoftwarePasskey(id), changes), fault)
    assert.equal(events.at(-1)?.denial_reason, `passkey_${fault}`)
    assert.equal(await store.passkeys.find(Buffer.from(id).toString('base64url')), undefined)
  })

test('a passkey whose name differs from what it signed is not added', async () => {
  const { enrolment } = open()
  const options = JSON.parse(await enrolment.creationOptions(wang, session))
  const answer = new SoftwarePasskey(id).create({ ...usual, challenge: options.challenge })
  const other = { ...answer, id: 'AAAA', rawId: 'AAAA' }
  const added = await enrolment.add(wang, session, 'laptop', JSON.stringify(other))
  assert.ok(!added.ok && added.error === 'attestation_wrong')
})

test('a passkey is added once, whoever adds it', async () => {
  const passkey = new SoftwarePasskey(id)
  assert.equal(await enrol(passkey), 'added')
  assert.equal(await enrol(passkey), 'known')
})

test('a challenge is for one session, one answer and ten minutes', () => {
  const challenges = createChallenges({ clock, random: createSeededRandom('challenges') })
  const first = challenges.issue('one')
  assert.equal(challenges.take(first, 'other'), false)
  assert.equal(challenges.take(first, 'one'), false, 'spent by whoever tried')
  const second = challenges.issue('one')
  assert.equal(challenges.take(second, 'one'), true)
  assert.equal(challenges.take(second, 'one'), false)
  const third = challenges.issue('one')
  clock.advance(600)
  assert.equal(challenges.take(third, 'one'), false)
})

test('challenges are bounded: the oldest gives way', () => {
  const challenges = createChallenges({ clock, random: createSeededRandom('many') })
  const first = challenges.issue('one')
  const last = Array.from({ length: 10_000 }, () => challenges.issue('one')).at(-1)
  assert.equal(challenges.take(first, 'one'), false)
  assert.equal(challenges.take(last ?? '', 'one'), true)
})

test('the relying party is the host of the base URL; aliases are further origins', () => {
  assert.deepEqual(relyingPartyOf('https://gw.example.com:8443', [`${base}/`, base]), {
    id: 'gw.example.com',
    name: 'Sallyport',
    origins: ['https://gw.example.com:8443', base],
  })
})

test('an address has no passkeys: the first name does', () => {
  const dev = relyingPartyOf('http://127.0.0.1:8080', ['http://localhost:8080'])
  assert.equal(dev.id, 'localhost')
  assert.deepEqual(dev.origins, ['http://127.0.0.1:8080', 'http://localhost:8080'])
  for (const address of ['127.0.0.1', '[::1]', '10.0.0.1']) {
    assert.equal(canHavePasskeys(address), false, address)
    assert.equal(relyingPartyOf(`https://${address}`, []).id, address)
  }
  for (const name of ['localhost', 'gw.example.com', '1password.example'])
    assert.equal(canHavePasskeys(name), true, name)
})
