import { checks } from '../../check/check.ts'
import {
  describe,
  expectRefused,
  expectShape,
  expectStatus,
  expectThat,
} from '../../check/expect.ts'
import { Unavailable } from '../../check/verdict.ts'
import { canonical } from '../../nine-step/canonical.ts'
import { createDidKey } from '../../nine-step/key.ts'
import { scopeResultSchema } from '../../wire/handshake-shapes.ts'

export const person = checks({
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
