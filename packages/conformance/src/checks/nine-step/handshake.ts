import { CompactSign } from 'jose'
import { checks } from '../../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../../check/expect.ts'
import { canonical } from '../../nine-step/canonical.ts'
import { createDidKey } from '../../nine-step/key.ts'
import type { NineStep } from '../../nine-step/nine-step.ts'
import type { Walk } from '../../nine-step/walk.ts'
import {
  completionSchema,
  greetingSchema,
  identityResultSchema,
  scopeResultSchema,
} from '../../wire/handshake-shapes.ts'
import { expectCallAdmitted } from '../admitted-call.ts'

/** Step 1 to 4, each answer looked at. */
async function walkIn(nineStep: NineStep): Promise<Walk> {
  const walk = await nineStep.start()
  const greeted = await walk.greet()
  expectStatus(greeted, 200, 'Step 1')
  expectShape(greetingSchema, greeted, 'Step 1')
  const identified = await walk.identify(await nineStep.credentials(walk.key))
  expectStatus(identified, 200, 'Step 3')
  expectShape(identityResultSchema, identified, 'Step 3')
  return walk
}

export const handshake = checks({
  'nine-steps': async (subject) => {
    const nineStep = await subject.nineStep()
    await nineStep.person()
    const walk = await walkIn(nineStep)
    const result = await nineStep.answered(walk)
    expectStatus(result, 200, 'Step 8')
    const { scopes_granted } = expectShape(scopeResultSchema, result, 'Step 8')
    const complete = await walk.complete()
    expectStatus(complete, 200, 'Step 9')
    expectShape(completionSchema, complete, 'Step 9')
    return `nine steps, ${scopes_granted.join(', ')} granted`
  },
  'handshake-refusals': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.greeted()
    const signed = await walk.identify(await nineStep.credentials(walk.key), {
      signer: await createDidKey(),
    })
    expectRefused(signed, 'Step 3 signed by another key', { status: 401 })
    const stranger = await nineStep.greeted()
    expectRefused(await stranger.identify([]), 'Step 3 of a stranger', { status: 403 })
    return '401 for what does not prove, 403 for who is not approved'
  },
  'handshake-transport': async (subject) => {
    const { handshake_endpoint, server_did, server_jwk } = (await subject.discovery()).json
    expectThat(
      typeof handshake_endpoint === 'string' && URL.canParse(handshake_endpoint),
      'Discovery has no handshake_endpoint: the nine-step handshake is not offered',
    )
    expectThat(
      typeof server_did === 'string' && typeof server_jwk === 'object',
      'Discovery has no server_did with its server_jwk',
    )
    const walk = await (await subject.nineStep()).start()
    const greeted = await walk.greet()
    expectStatus(greeted, 200, `POST ${handshake_endpoint}`)
    expectThat(
      greeted.json['type'] === 'handshake_response',
      `Step 1 is answered by ${JSON.stringify(greeted.json['type'])}, expected handshake_response`,
    )
    const nineStep = await subject.nineStep()
    const { token } = await nineStep.finished()
    const called = await subject.call(token)
    await expectCallAdmitted(subject, called, "A call with the session's token")
    return `${handshake_endpoint}, and calls with Authorization`
  },
  'identity-result': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.greeted()
    const answer = await walk.identify(await nineStep.credentials(walk.key))
    expectStatus(answer, 200, 'Step 3')
    const { metadata } = expectShape(identityResultSchema, answer, 'Step 3')
    const stranger = await nineStep.greeted()
    const refused = await stranger.identify([])
    expectThat(
      refused.json['success'] === false && typeof refused.json['error'] === 'string',
      'A refused step 3 is no identity_result with success false and an error',
    )
    return `${metadata.scopes_supported.length} scopes, ${metadata.token_max_ttl} s`
  },
  'proof-bound': async (subject) => {
    const nineStep = await subject.nineStep()
    const nonceOnly = await nineStep.greeted()

    const serverNonce = String(
      (JSON.parse(nonceOnly.transcript.m2) as Record<string, unknown>)['nonce'],
    )
    const whole = await new CompactSign(Buffer.from(serverNonce))
      .setProtectedHeader({ alg: 'ES256', typ: 'ath-hs+jws' })
      .sign(nonceOnly.key.privateKey)
    const [header, , mark] = whole.split('.')
    expectRefused(
      await nonceOnly.identify(await nineStep.credentials(nonceOnly.key), {
        signature: `${header}..${mark}`,
      }),
      'Step 3 that signs the bare nonce',
      { status: 401 },
    )
    const walk = await nineStep.greeted()
    walk.transcript.m1 = canonical({
      ...(JSON.parse(walk.transcript.m1) as object),
      versions: ['0.0'],
    })
    expectRefused(
      await walk.identify(await nineStep.credentials(walk.key)),
      'Step 3 that signs another greeting than was sent',
      { status: 401 },
    )
    return 'a proof counts for these greetings only'
  },
  'handshake-order': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.greeted()
    const early = await walk.complete()
    expectRefused(early, 'Step 9 right after step 2', { status: 409 })
    const after = await walk.identify(await nineStep.credentials(walk.key))
    expectRefused(after, 'Step 3 after a message out of order')
    const waiting = await nineStep.identified()
    expectRefused(await waiting.poll({}), 'A poll without a proof', { status: 401 })
    const unknown = await nineStep.start()
    unknown.handshakeId = 'conformance-no-such-handshake'
    expectRefused(await unknown.poll(), 'A poll of no handshake', { status: 404 })
    return 'out of order ends it, and only the agent polls'
  },
  'stranger-refused': async (subject) => {
    const walk = await (await subject.nineStep()).greeted()
    const answer = await walk.identify([])
    expectRefused(answer, 'Step 3 of an agent that nobody approved', {
      status: 403,
      code: 'AGENT_NOT_REGISTERED',
    })
    return 'a proven key is no approval'
  },
  'handshake-errors': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.greeted()
    const order = await walk.complete()
    expectThat(
      order.json['type'] === 'error' &&
        typeof order.json['code'] === 'string' &&
        order.json['handshake_id'] === walk.handshakeId,
      `A message out of order is answered by ${order.text.slice(0, 200)}; expected type error, code and handshake_id`,
    )
    const { send, at } = subject
    const post = (body: object) => send(at('/ath/handshake'), { method: 'POST', body })
    expectRefused(await post({ type: 'conformance' }), 'A message of no known type', {
      status: 400,
    })
    const unknown = await nineStep.greeted()
    unknown.handshakeId = 'conformance-no-such-handshake'
    expectRefused(await unknown.identify([]), 'Step 3 of no handshake', { status: 404 })
    return '400, 404 and 409, each with type, code and handshake_id'
  },
})
