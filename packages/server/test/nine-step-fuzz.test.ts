import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'

type Json = Record<string, unknown>

/** What a stranger, or a broken client, puts in a member's place. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1e21,
    '',
    '\ud800',
    '..',
    'a.b.c',
    'did:ath:',
    'did:key:z',
    'did:web:localhost%3A99999',
    '__proto__',
    '-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----',
    [],
    {},
    [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],
    { kty: 'EC', crv: 'P-256', x: '', y: '' },
  ),
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.jsonValue({ maxDepth: 4 }),
)

type Change =
  | { readonly kind: 'replace' | 'add'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'remove' | 'flip'; readonly at: number }

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constantFrom('replace', 'add'), at: fc.nat(), value: hostile }),
  fc.record({ kind: fc.constantFrom('remove', 'flip'), at: fc.nat() }),
) as fc.Arbitrary<Change>

function changed(message: Json, { kind, at, ...more }: Change): Json {
  const names = Object.keys(message)
  const name = names[at % names.length] as string
  if (kind === 'remove')
    return Object.fromEntries(names.filter((n) => n !== name).map((n) => [n, message[n]]))
  if (kind === 'add') return { ...message, [`x${at}`]: (more as { value: unknown }).value }
  if (kind === 'replace') return { ...message, [name]: (more as { value: unknown }).value }
  const text = message[name]
  if (typeof text !== 'string' || text === '') return { ...message, [name]: 'flipped' }
  const index = at % text.length
  return {
    ...message,
    [name]: `${text.slice(0, index)}${String.fromCharCode(text.charCodeAt(index) ^ 1)}${text.slice(index + 1)}`,
  }
}

/** Each step's right message, in a handshake that came so far. */
const steps: Readonly<Record<string, (world: NineStepWorld) => Promise<Json>>> = {
  handshake_request: async (world) => world.agent().greeting(),
  identity_proof: async (world) => {
    const agent = world.agent()
    await agent.greet()
    return agent.proof()
  },
  scope_request: async (world) => {
    const agent = world.agent()
    await agent.greet()
    await agent.identify()
    return agent.scopeRequest(await world.credential(), ['oa:read'])
  },
  handshake_complete: async (world) => {
    const agent = world.agent()
    await world.upToGranted(agent)
    return (await agent.completion()).message
  },
}

for (const [step, make] of Object.entries(steps))
  test(`[U12] whatever is changed in a ${step}, it is refused or taken, never a fault of ours`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        // A fault inside is thrown by this world, so it cannot hide behind a status.
        const world = await createNineStepWorld()
        const message = changes.reduce(changed, await make(world))
        let body: string
        try {
          body = JSON.stringify(message)
        } catch {
          return
        }
        const { status } = await world.send('POST', '/ath/handshake', { body })
        assert.ok(status === 200 || status === 202 || (status >= 400 && status < 500), `${status}`)
        // What was refused has given nothing.
        if (step === 'handshake_complete' && status !== 200)
          assert.deepEqual(await world.nineStep.sessions.list({ userId: 'usr_wang' }), [])
      }),
      { numRuns: 250 },
    )
  })

test('[U12] bytes that are nothing are refused', async () => {
  const world = await createNineStepWorld()
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (body) => {
      const { status } = await world.send('POST', '/ath/handshake', {
        body,
        headers: { 'content-type': 'application/json' },
      })
      assert.ok(status >= 400 && status < 500)
    }),
    { numRuns: 200 },
  )
})
