import { CompactSign, createRemoteJWKSet, exportSPKI, generateKeyPair, jwtVerify } from 'jose'
import { checks } from '../check/check.ts'
import { describe, expectRefused, expectShape, expectStatus, expectThat } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import { canonical, canonicalWithout, labelled } from '../nine-step/canonical.ts'
import { createDidKey, isSignedBy } from '../nine-step/key.ts'
import type { NineStep } from '../nine-step/nine-step.ts'
import type { Walk } from '../nine-step/walk.ts'
import type { Subject } from '../subject/subject.ts'
import {
  completionSchema,
  greetingSchema,
  identityResultSchema,
  scopeResultSchema,
} from '../wire/handshake-shapes.ts'

const isAdmitted = (status: number) => status !== 401 && status !== 403 && status < 500

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

async function refusesGreeting(
  subject: Subject,
  what: string,
  members: Readonly<Record<string, unknown>>,
  wanted?: Parameters<typeof expectRefused>[2],
): Promise<void> {
  const walk = await (await subject.nineStep()).start()
  expectRefused(await walk.greet(walk.greeting(members)), `Step 1 ${what}`, wanted)
}

export const nineStep = checks({
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
  'handshake-keys': async (subject) => {
    for (const alg of ['RS256', 'ES384']) {
      const { publicKey } = await generateKeyPair(alg)
      const client_pubkey = await exportSPKI(publicKey)
      await refusesGreeting(subject, `with a key for ${alg}`, { client_pubkey })
    }
    return 'keys for RS256 and ES384 are refused'
  },
  'handshake-nonces': async (subject) => {
    const nineStep = await subject.nineStep()
    const nonces = new Set<unknown>()
    for (let count = 0; count < 3; count++) {
      const greeted = await (await nineStep.start()).greet()
      expectStatus(greeted, 200, 'Step 1')
      const { nonce } = greeted.json
      expectThat(
        typeof nonce === 'string' && /^[\w-]{22,86}$/.test(nonce),
        `The server's nonce is ${JSON.stringify(nonce)}, expected 22 to 86 characters of base64url`,
      )
      expectThat(!nonces.has(nonce), "The server's nonce came twice")
      nonces.add(nonce)
    }
    return '3 greetings, 3 nonces of 128 bits or more'
  },
  'handshake-timestamps': async (subject) => {
    const now = Math.floor(Date.now() / 1000)
    for (const [what, timestamp] of [
      ['10 minutes old', now - 600],
      ['10 minutes ahead', now + 600],
      ['in milliseconds', now * 1000],
    ] as const)
      await refusesGreeting(subject, `with a timestamp that is ${what}`, { timestamp })
    return '10 minutes off is refused'
  },
  'credential-forged': async (subject) => {
    const nineStep = await subject.nineStep()
    const person = await nineStep.person()
    const walk = await nineStep.identified()
    const forged = await person.credential({
      agent: walk.key,
      serverDid: nineStep.serverDid,
      scopes: await nineStep.scopes(),
      key: await createDidKey(),
    })
    const answer = await walk.request(forged, await nineStep.scopes())
    expectRefused(answer, 'Step 5 with a credential that somebody else signed', { status: 401 })
    return 'refused'
  },
  'server-signed': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.start()
    const greeted = await walk.greet()
    expectStatus(greeted, 200, 'Step 1')
    const { server_did, signature } = expectShape(greetingSchema, greeted, 'Step 1')
    expectThat(
      server_did === nineStep.serverDid,
      `Step 2 comes from ${server_did}, discovery says ${nineStep.serverDid}`,
    )
    const payload = labelled(
      'ATH/0.1 handshake server auth',
      walk.transcript.m1,
      canonicalWithout(greeted.json, 'signature'),
    )
    expectThat(
      await isSignedBy(nineStep.serverKey, signature, payload),
      'The signature of step 2 is not by server_jwk of discovery over both greetings',
    )
    return `${server_did} signed both greetings`
  },
  'transcript-signed': async (subject) => {
    const nineStep = await subject.nineStep()
    const { walk, answer } = await nineStep.finished()
    const { m1, m2, m3, m4, m5, m8, m9Client, m9Server } = walk.transcript
    const payload = labelled(
      'ATH/0.1 handshake finish server',
      ...[m1, m2, m3, m4, m5, m8, m9Client, m9Server],
    )
    expectThat(
      await isSignedBy(nineStep.serverKey, String(answer.json['signature']), payload),
      'The signature of step 9 is not by the server over all that was said',
    )
    return 'the server signed all that was said'
  },
  'greeting-checked': async (subject) => {
    for (const member of ['client_did', 'client_pubkey', 'versions', 'capabilities', 'nonce'])
      await refusesGreeting(subject, `without ${member}`, { [member]: undefined }, { status: 400 })
    const nineStep = await subject.nineStep()
    const walk = await nineStep.greeted()
    const signer = await createDidKey()
    const answer = await walk.identify(await nineStep.credentials(walk.key), { signer })
    expectRefused(answer, 'Step 3 signed by another key', { status: 401 })
    return 'malformed is 400, signed by another is 401'
  },
  'credential-checked': async (subject) => {
    const nineStep = await subject.nineStep()
    const now = Math.floor(Date.now() / 1000)
    for (const [what, changes] of [
      ['that is expired', { iat: now - 7200, exp: now - 3600 }],
      ['for another agent', { client_did: 'did:ath:somebody_else' }],
      ['for another server', { aud: 'did:ath:another_server' }],
      ["for another agent's key", { cnf: { jkt: 'x'.repeat(43) } }],
    ] as const) {
      const walk = await nineStep.identified()
      const credential = await nineStep.credential(walk, changes)
      const answer = await walk.request(credential, await nineStep.scopes())
      expectRefused(answer, `Step 5 with a credential ${what}`, { status: 401 })
    }
    return 'expired, of others, for others: refused'
  },
  'person-asked': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.identified()
    const answer = await walk.request(await nineStep.credential(walk), await nineStep.scopes())
    expectStatus(answer, 202, 'Step 5')
    const person = await nineStep.person()
    const question = await person.question(String(answer.json['request_id']))
    expectThat(
      question.message.includes('"authorization_confirmation_request"') &&
        question.message.includes(walk.did),
      'The question to the person does not say which agent asks',
    )
    return `asked as ${question.reference}`
  },
  'person-asked-apart': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.identified()
    const answer = await walk.request(await nineStep.credential(walk), await nineStep.scopes())
    expectStatus(answer, 202, 'Step 5')
    expectThat(!/https?:\/\//.test(answer.text), 'The answer to step 5 tells the agent an address')
    const id = encodeURIComponent(String(answer.json['request_id']))
    const opened = await subject.send(subject.at(`/ath/confirm/${id}`))
    expectThat(
      opened.status >= 300,
      `With what the agent knows of the question, /ath/confirm/${id} answers ${opened.status}`,
    )
    return 'the agent learns a reference, and it opens nothing'
  },
  'answer-narrowed': async (subject) => {
    const nineStep = await subject.nineStep()
    const scopes = await nineStep.scopes()
    const [kept, ...rest] = scopes
    if (kept === undefined || rest.length === 0)
      throw new Unavailable('needs two scopes, to allow one of them: give --scopes a,b')
    const walk = await nineStep.identified()
    const result = await nineStep.answered(walk, [kept])
    expectStatus(result, 200, 'Step 8')
    const { scopes_granted, scopes_denied = [] } = expectShape(scopeResultSchema, result, 'Step 8')
    expectThat(
      canonical(scopes_granted) === canonical([kept]),
      `The person allowed ${kept}; granted is ${scopes_granted.join(', ')}`,
    )
    const denied = scopes_denied.map(({ scope }) => scope)
    expectThat(
      rest.every((scope) => denied.includes(scope)),
      `The person allowed ${kept}; denied is ${denied.join(', ')}, expected ${rest.join(', ')}`,
    )
    return `allowed ${kept}: that is granted, and ${denied.join(', ')} denied`
  },
  'grant-narrowest': async (subject) => {
    const nineStep = await subject.nineStep()
    const scopes = await nineStep.scopes()
    const [allowed, ...rest] = scopes
    if (allowed === undefined || rest.length === 0)
      throw new Unavailable('needs two scopes, to allow one of them ahead: give --scopes a,b')
    const walk = await nineStep.identified()
    const credential = await nineStep.credential(walk, { scopes: [allowed] })
    const result = await nineStep.answered(walk, [allowed], { credential })
    expectStatus(result, 200, 'Step 8')
    const { scopes_granted } = expectShape(scopeResultSchema, result, 'Step 8')
    expectThat(
      canonical(scopes_granted) === canonical([allowed]),
      `Allowed ahead was ${allowed}, asked for ${scopes.join(', ')}; granted is ${scopes_granted.join(', ')}`,
    )
    return `asked for ${scopes.join(', ')}, allowed ahead ${allowed}: that is granted`
  },
  'access-token-signed': async (subject) => {
    const nineStep = await subject.nineStep()
    const { answer, walk } = await nineStep.finished()
    const { access_token, expires_in } = expectShape(completionSchema, answer, 'Step 9')
    const keys = createRemoteJWKSet(new URL(subject.at('/.well-known/jwks.json')))
    const read = await jwtVerify(access_token, keys, {
      typ: 'at+jwt',
      algorithms: ['ES256'],
    }).catch((cause: unknown) => String(cause))
    expectThat(
      typeof read !== 'string',
      `The access token does not verify with /.well-known/jwks.json: ${String(read)}`,
    )
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
    expectThat(
      isAdmitted(called.status),
      `A call with the session's token: answered ${describe(called)}, expected to be let in`,
    )
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
  'greeting-replayed': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.start()
    const greeting = walk.greeting()
    expectStatus(await walk.greet(greeting), 200, 'Step 1')
    expectRefused(await walk.greet(greeting), 'The same step 1 again')
    for (const [what, nonce] of [
      ['a short nonce', 'short'],
      ['a nonce with a dot', `${'a'.repeat(22)}.${'b'.repeat(22)}`],
    ] as const)
      await refusesGreeting(subject, `with ${what}`, { nonce }, { status: 400 })
    return 'a nonce is taken once, long enough and without a dot'
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
  'did-forms': async (subject) => {
    const nineStep = await subject.nineStep()
    const { did: other } = await createDidKey()
    for (const did of [other, `did:ath:conformance_${Date.now()}`, 'did:unknown:x', 'no-did']) {
      const walk = await nineStep.start({ did })
      const greeted = await walk.greet()
      if (greeted.status >= 400) continue
      const answer = await walk.identify([])
      expectRefused(answer, `An agent as ${did}, which its key does not prove`)
    }
    const own = await nineStep.start()
    expectStatus(await own.greet(), 200, "Step 1 with the DID of the agent's own key")
    return 'only who a DID names goes by it'
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
  'credential-forms': async (subject) => {
    const nineStep = await subject.nineStep()
    const person = await nineStep.person()
    const scopes = await nineStep.scopes()
    const walk = await nineStep.identified()
    const { serverDid } = nineStep
    const json = await person.jsonCredential({ agent: walk.key, serverDid, scopes })
    const taken = await walk.request(json, scopes)
    expectThat(
      taken.status === 202 || taken.status === 200,
      `Step 5 with the object of step 0: answered ${describe(taken)}, expected to be taken`,
    )
    const thief = await nineStep.identified()
    const shown = await thief.request(await nineStep.credential(thief), scopes, {
      signer: await createDidKey(),
    })
    expectRefused(shown, 'Step 5 that another key signed', { status: 401 })
    return 'a JWT or the object of step 0, shown by whom it is for'
  },
  'answer-once': async (subject) => {
    const nineStep = await subject.nineStep()
    const person = await nineStep.person()
    const scopes = await nineStep.scopes()
    const walk = await nineStep.identified()
    const asked = await walk.request(await nineStep.credential(walk), scopes)
    expectStatus(asked, 202, 'Step 5')
    const question = await person.question(String(asked.json['request_id']))
    const forged = await person.decide(question, scopes, await createDidKey())
    expectRefused(forged, 'An answer that another key signed')
    expectStatus(await person.decide(question, []), 200, "The person's answer")
    expectRefused(await person.decide(question, scopes), 'A second answer', { status: 409 })
    return 'answered once, by the person asked'
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
    expectThat(isAdmitted(called.status), `A call with the next token: ${describe(called)}`)
    expectStatus(await walk.session('session_end', sessionId), 200, 'session_end')
    expectRefused(await subject.call({ ...token, value }), 'A call after session_end', {
      status: 401,
    })
    return 'renewed by the key, and ended by it'
  },
  negotiation: async (subject) => {
    await refusesGreeting(
      subject,
      'with an unknown version',
      { versions: ['9.9'] },
      { status: 400, code: 'UNSUPPORTED_VERSION' },
    )
    await refusesGreeting(
      subject,
      'without an algorithm',
      { capabilities: ['TLS1.3', 'ATH-HS-JWS'] },
      { status: 400 },
    )
    const walk = await (await subject.nineStep()).start()
    const greeted = await walk.greet(walk.greeting({ versions: ['0.1', '9.9'] }))
    expectStatus(greeted, 200, 'Step 1 with a version that is known, and one that is not')
    const { version, capabilities } = expectShape(greetingSchema, greeted, 'Step 1')
    expectThat(
      version === '0.1' && capabilities[0] === 'ES256',
      `Agreed on ${version} and ${capabilities[0]}, expected 0.1 and ES256`,
    )
    return '0.1 and ES256, or nothing'
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
  'denial-ends': async (subject) => {
    const nineStep = await subject.nineStep()
    const walk = await nineStep.identified()
    const result = await nineStep.answered(walk, [])
    expectStatus(result, 200, 'Step 8 after a denial')
    const { scopes_granted, ttl_granted } = expectShape(scopeResultSchema, result, 'Step 8')
    expectThat(
      scopes_granted.length === 0 && ttl_granted === 0,
      `After a denial ${scopes_granted.join(', ')} is granted for ${ttl_granted} s`,
    )
    expectRefused(await walk.complete(), 'Step 9 after a denial')
    return 'nothing granted, and the handshake is over'
  },
})
