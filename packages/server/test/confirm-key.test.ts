import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalOf, createDidKey, type DidKey } from '@sallyport/testing'
import {
  createUserProof,
  handshakeTyp,
  signDetached,
  userDecisionPayload,
  userProofHeader,
} from '@ath-protocol/types'
import { requestReference } from '../src/index.ts'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'

type Json = Readonly<Record<string, unknown>>

async function asking(world: NineStepWorld, scopes = ['oa:read', 'oa:write']) {
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const { status } = await agent.request(
    await world.credential({ scopes: ['oa:read', 'oa:write', 'crm:write', 'crm:erase'] }),
    scopes,
  )
  assert.equal(status, 202)
  const consent = world.asked.at(-1)
  assert.ok(consent?.message)
  return { agent, consent, path: `/ath/confirm/${consent.id}`, asked: consent.message }
}

interface Answering {
  readonly key?: DidKey
  readonly changes?: Json
  /** Changes made after signing. */
  readonly tampered?: Json
  /** What is signed over instead of the question. */
  readonly asked?: string
}

async function answer(
  world: NineStepWorld,
  question: { readonly path: string; readonly asked: string },
  { key = world.person, changes = {}, tampered = {}, asked = question.asked }: Answering = {},
) {
  const now = Math.floor(world.clock.now())
  const message = {
    type: 'authorization_confirmation_response',
    request_id: question.path.split('/').at(-1),
    approved: true,
    approved_scopes: ['oa:read', 'oa:write'],
    expires_at: now + 3600,
    timestamp: now,
    ...changes,
  }
  const payload = await userDecisionPayload(asked, canonicalOf(message))
  const signature = await signDetached(key.signer, handshakeTyp, payload)
  const body = { ...message, signature, ...tampered }
  const seen = await world.send('POST', question.path, { body })
  return { ...seen, json: seen.json as unknown as Json, body }
}

const reasonOf = ({ json }: { readonly json: Json }) => (json['details'] as Json)?.['reason']
const standing = async (world: NineStepWorld, path: string) =>
  (await world.ports.consents.find(path.split('/').at(-1) ?? ''))?.decision

test('[D15] [U7] the person signs yes with a registered key, and the signed answer is the evidence', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const { status, json, body } = await answer(world, question, {
    changes: { approved_scopes: ['oa:read'] },
  })
  assert.equal(status, 200, JSON.stringify(json))
  assert.equal(json['status'], 'approved')
  assert.deepEqual(json['approved_scopes'], ['oa:read'])
  const result = await question.agent.poll()
  assert.deepEqual(result.json['scopes_granted'], ['oa:read'])
  assert.equal(result.json['ttl_granted'], 3600)
  const given = world.events.find(({ event }) => event === 'consent_given')
  assert.equal(given?.auth_method, 'key')
  assert.deepEqual(given?.evidence, { message: canonicalOf(body) })
  assert.equal((await standing(world, question.path))?.message, canonicalOf(body))
})

test('[D15] the person signs no: nothing is granted, and no time or scope matters', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const denial = { approved: false, approved_scopes: [], expires_at: 0 }
  const { status, json } = await answer(world, question, { changes: denial })
  assert.equal(status, 200)
  assert.equal(json['status'], 'denied')
  assert.deepEqual((await question.agent.poll()).json['scopes_granted'], [])
})

test('[U7] confirmation by another user is refused, whatever key they registered', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const key = await createDidKey()
  await world.nineStep.userKeys.insert({
    thumbprint: key.publicKey.thumbprint,
    userId: 'usr_li',
    jwk: key.publicKey.jwk,
    label: 'phone',
    createdAt: world.clock.now(),
  })
  const seen = await answer(world, question, { key })
  assert.equal(seen.status, 403)
  assert.equal(world.events.at(-1)?.denial_reason, 'consent_of_other_user')
  assert.equal(world.events.at(-1)?.user_id, 'usr_li')
  assert.equal(await standing(world, question.path), undefined)
})

test('[U7] an answer counts once: a second one, and one after a denial, is 409 and changes nothing', async () => {
  const world = await createNineStepWorld()
  for (const approved of [true, false]) {
    const question = await asking(world)
    assert.equal((await answer(world, question, { changes: { approved } })).status, 200)
    for (const again of [true, false]) {
      const seen = await answer(world, question, { changes: { approved: again } })
      assert.equal(seen.status, 409)
      assert.equal(reasonOf(seen), 'confirmation_decided')
    }
    assert.equal((await standing(world, question.path))?.approved, approved)
  }
})

test('[U7] [D10] an answer after expiry is 408', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  world.clock.advance(301)
  assert.equal((await answer(world, question)).status, 408)
  assert.equal(await standing(world, question.path), undefined)
})

test('[R70] [D16] an approval that is wider than the question is 403: more scopes, or a longer time', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world, ['oa:read'])
  const now = Math.floor(world.clock.now())
  for (const changes of [
    { approved_scopes: ['oa:read', 'oa:write'] },
    { approved_scopes: ['crm:erase'] },
    { approved_scopes: ['nobody:knows'] },
    { approved_scopes: ['oa:read'], expires_at: now + 28_801 },
  ]) {
    const seen = await answer(world, question, { changes })
    assert.equal(seen.status, 403, JSON.stringify(changes))
    assert.equal(reasonOf(seen), 'confirmation_too_wide')
  }
  assert.equal(await standing(world, question.path), undefined)
  const whole = { approved_scopes: ['oa:read'], expires_at: now + 28_800 }
  assert.equal((await answer(world, question, { changes: whole })).status, 200)
})

const refusals: Readonly<Record<string, (world: NineStepWorld) => Promise<Answering> | Answering>> =
  {
    'a changed scope': () => ({
      changes: { approved_scopes: ['oa:read'] },
      tampered: { approved_scopes: ['oa:read', 'oa:write'] },
    }),
    'a changed time': (world) => ({
      tampered: { expires_at: Math.floor(world.clock.now()) + 7200 },
    }),
    'a member that was added': () => ({ tampered: { note: 'x' } }),
    'no turned into yes': () => ({ changes: { approved: false }, tampered: { approved: true } }),
    'the signature of another answer': () => ({ asked: '{"another":"question"}' }),
  }
for (const [what, make] of Object.entries(refusals))
  test(`[D15] an answer with ${what} is 401`, async () => {
    const world = await createNineStepWorld()
    const question = await asking(world)
    const seen = await answer(world, question, await make(world))
    assert.equal(seen.status, 401)
    assert.equal(reasonOf(seen), 'signature_wrong')
    assert.equal(world.events.at(-1)?.consent_id, requestReference(question.consent.id))
    assert.equal(await standing(world, question.path), undefined)
  })

test('[D15] a signature with a key that nobody registered, or that was removed, is 401', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const unknown = await answer(world, question, { key: await createDidKey() })
  assert.equal(unknown.status, 401)
  assert.equal(world.events.at(-1)?.denial_reason, 'user_key_unknown')
  for (const signature of ['x..y', 'not a signature', 'e30..AAAA', '..'])
    assert.equal((await answer(world, question, { tampered: { signature } })).status, 401)
  await world.nineStep.userKeys.remove('usr_wang', world.person.publicKey.thumbprint)
  assert.equal((await answer(world, question)).status, 401)
  assert.equal(await standing(world, question.path), undefined)
})

test('[D5] [U2] an answer with a stale or a future timestamp is 401', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const now = Math.floor(world.clock.now())
  for (const timestamp of [now - 301, now + 301]) {
    const seen = await answer(world, question, { changes: { timestamp } })
    assert.equal(seen.status, 401)
    assert.equal(reasonOf(seen), 'timestamp_outside_window')
  }
  assert.equal(await standing(world, question.path), undefined)
})

test('an answer that cannot be read is 400', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const now = Math.floor(world.clock.now())
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)
  for (const tampered of [
    { request_id: 'cns_other' },
    { type: 'authorization_confirmation_request' },
    { approved: 'yes' },
    { approved_scopes: undefined },
    { timestamp: String(now) },
    { signature: '' },
    { note: deep },
    { note: '\ud800' },
  ])
    assert.equal(
      (await answer(world, question, { tampered })).status,
      400,
      JSON.stringify(tampered).slice(0, 60),
    )
  for (const changes of [{ expires_at: now + 59 }, { expires_at: 0 }, { approved_scopes: [] }])
    assert.equal((await answer(world, question, { changes })).status, 400, JSON.stringify(changes))
  for (const body of ['{', '[]', 'null']) {
    const headers = { 'content-type': 'application/json' }
    assert.equal((await world.send('POST', question.path, { body, headers })).status, 400)
  }
  assert.equal(await standing(world, question.path), undefined)
})

test('[D19] a key alone does not approve what is of high risk, and denies it all the same', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world, ['oa:read', 'crm:erase'])
  const risky = { approved_scopes: ['oa:read', 'crm:erase'] }
  const weak = await answer(world, question, { changes: risky })
  assert.equal(weak.status, 403)
  assert.deepEqual(weak.json['details'], { reason: 'confirmation_too_weak', needs: 'passkey' })
  const denied = await answer(world, question, { changes: { ...risky, approved: false } })
  assert.equal(denied.status, 200)
})

test('[D19] a key cannot lead a person to a provider’s own page', async () => {
  const crm = {
    id: 'crm',
    displayName: 'CRM',
    scopes: [{ name: 'write' }],
    authMode: 'oauth2' as const,
    consentPage: true,
  }
  const world = await createNineStepWorld({ config: { providers: new Map([['crm', crm]]) } })
  const question = await asking(world, ['crm:write'])
  const seen = await answer(world, question, { changes: { approved_scopes: ['crm:write'] } })
  assert.deepEqual(seen.json['details'], { reason: 'confirmation_too_weak', needs: 'page' })
})

let proofs = 0
async function look(world: NineStepWorld, path: string, key = world.person) {
  const proof = await createUserProof(key.signer, {
    iss: key.did,
    aud: world.nineStep.serverDid,
    htm: 'GET',
    htu: path,
    iat: Math.floor(world.clock.now()),
    jti: `look-${proofs++}`.padEnd(16, '-'),
  })
  const headers = { accept: 'application/json', [userProofHeader]: proof }
  const seen = await world.send('GET', path, { headers })
  return { ...seen, json: seen.json as unknown as Json }
}

test('[U7] a program of the person reads step 6, what it means, and later how it ended', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const { status, json } = await look(world, question.path)
  assert.equal(status, 200)
  assert.deepEqual(json['request'], JSON.parse(question.asked))
  assert.equal(json['message'], question.asked)
  assert.deepEqual((json['request'] as Json)['requested_scopes'], ['oa:read', 'oa:write'])
  assert.equal((json['request'] as Json)['client_did'], world.agentKey.did)
  assert.equal(json['status'], 'pending')
  assert.equal(json['longest_seconds'], 28_800)
  assert.deepEqual(json['restrictions'], [{ access_time: '9:00-18:00' }])
  await answer(world, question)
  assert.equal((await look(world, question.path)).json['status'], 'approved')
})

test('[U7] without a proof of the right person’s key a program reads nothing', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const bare = await world.send('GET', question.path, { headers: { accept: 'application/json' } })
  assert.equal(bare.status, 401)
  assert.equal((await look(world, question.path, await createDidKey())).status, 401)
  const key = await createDidKey()
  await world.nineStep.userKeys.insert({
    thumbprint: key.publicKey.thumbprint,
    userId: 'usr_li',
    jwk: key.publicKey.jwk,
    label: 'phone',
    createdAt: world.clock.now(),
  })
  const other = await look(world, question.path, key)
  assert.equal(other.status, 403)
  assert.ok(!JSON.stringify(other.json).includes('Assistant'))
  assert.equal((await look(world, `/ath/confirm/cns_${'x'.repeat(43)}`)).status, 404)
  world.clock.advance(301)
  assert.equal((await look(world, question.path)).status, 408)
})

test('no answer that a stranger can think of breaks the endpoint or decides', async () => {
  const world = await createNineStepWorld()
  const question = await asking(world)
  const { body } = await answer(world, question, { changes: { timestamp: 0 } })
  const member = fc.constantFrom(...Object.keys(body))
  const change = fc.oneof(
    fc.tuple(member, fc.jsonValue()).map(([name, value]) => ({ ...body, [name]: value })),
    fc.jsonValue(),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(change, async (sent) => {
      const headers = { 'content-type': 'application/json' }
      const text = typeof sent === 'string' ? sent : JSON.stringify(sent)
      const { status } = await world.send('POST', question.path, { body: text, headers })
      assert.ok(status === 400 || status === 401, String(status))
    }),
    { numRuns: 200 },
  )
  assert.equal(await standing(world, question.path), undefined)
})
