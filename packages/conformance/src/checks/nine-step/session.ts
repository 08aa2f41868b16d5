import { createRemoteJWKSet, jwtVerify } from 'jose'
import { checks } from '../../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../../check/expect.ts'
import { Unmet } from '../../check/verdict.ts'
import { labelled } from '../../nine-step/canonical.ts'
import { createDidKey, isSignedBy } from '../../nine-step/key.ts'
import { completionSchema } from '../../wire/handshake-shapes.ts'
import { expectCallAdmitted } from '../admitted-call.ts'

export const session = checks({
  'transcript-signed': async (subject) => {
    const nineStep = await subject.nineStep()
    const { walk, answer } = await nineStep.finished()
    const { m1, m2, m3, m4, m5, m8, m9Client, m9Server } = walk.transcript
    const payload = labelled(
      'ATH/0.1 handshake finish server',
      m1,
      m2,
      m3,
      m4,
      m5,
      m8,
      m9Client,
      m9Server,
    )
    expectThat(
      await isSignedBy(nineStep.serverKey, String(answer.json['signature']), payload),
      'The signature of step 9 is not by the server over all that was said',
    )
    return 'the server signed all that was said'
  },
  'access-token-signed': async (subject) => {
    const nineStep = await subject.nineStep()
    const { answer, walk } = await nineStep.finished()
    const { access_token, expires_in } = expectShape(completionSchema, answer, 'Step 9')
    const { jwks_uri } = (await subject.discovery()).json
    const jwks = typeof jwks_uri === 'string' ? jwks_uri : subject.at('/.well-known/jwks.json')
    const keys = createRemoteJWKSet(new URL(jwks))
    const read = await jwtVerify(access_token, keys, {
      typ: 'at+jwt',
      algorithms: ['ES256'],
    }).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : ''
      throw new Unmet(`The access token does not verify with ${jwks}: ${why}`)
    })
    const {
      iat = 0,
      exp = 0,
      scope,
      cnf,
    } = read.payload as typeof read.payload & {
      readonly cnf?: { readonly jkt?: string }
    }
    expectThat(
      exp - iat > 0 && exp - iat <= 3600 && expires_in <= 3600,
      `The access token lives ${exp - iat} s, expected an hour at most`,
    )
    expectThat(typeof scope === 'string' && scope !== '', 'The access token says no scope')
    expectThat(
      cnf?.jkt === walk.key.thumbprint,
      "The access token is not bound to the agent's key (cnf.jkt)",
    )
    return `signed, ${scope} for ${exp - iat} s`
  },
  'key-agreement': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.identified()
    expectStatus(await nineStep.answered(walk), 200, 'Step 8')
    const share = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }
    expectRefused(
      await walk.complete({ members: { key_exchange_params: share } }),
      'Step 9 with a point that is not on the curve',
    )
    const { walk: done, answer } = await nineStep.finished()
    const keys = await done.sessionKeys(answer.json['key_exchange_params']).catch(() => undefined)
    expectThat(keys !== undefined, "The server's key_exchange_params is no point of P-256")
    return 'ECDH over P-256, and no point beside the curve'
  },
  'token-refresh': async (subject) => {
    const nineStep = await subject.nineStep()
    const { walk, sessionId, token } = await nineStep.finished()
    const refreshed = await walk.session('token_refresh', sessionId)
    expectStatus(refreshed, 200, 'token_refresh')
    const value = String(refreshed.json['access_token'])
    expectThat(value !== token.value, 'token_refresh gave the same token again')
    const thief = await walk.session('token_refresh', sessionId, { signer: await createDidKey() })
    expectRefused(thief, 'token_refresh signed by another key', { status: 401 })
    const called = await subject.call({ ...token, value })
    expectStatus(await walk.session('session_end', sessionId), 200, 'session_end')
    expectRefused(await subject.call({ ...token, value }), 'A call after session_end', {
      status: 401,
    })
    await expectCallAdmitted(subject, called, 'A call with the next token')
    return 'renewed by the key, and ended by it'
  },
})
