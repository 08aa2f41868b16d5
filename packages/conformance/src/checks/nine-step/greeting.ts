import { exportSPKI, generateKeyPair } from 'jose'
import { checks } from '../../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../../check/expect.ts'
import { canonicalWithout, labelled } from '../../nine-step/canonical.ts'
import { createDidKey, isSignedBy } from '../../nine-step/key.ts'
import type { Subject } from '../../subject/subject.ts'
import { greetingSchema } from '../../wire/handshake-shapes.ts'

async function refusesGreeting(
  subject: Subject,
  what: string,
  members: Readonly<Record<string, unknown>>,
  wanted?: Parameters<typeof expectRefused>[2],
): Promise<void> {
  const walk = await (await subject.nineStep()).start()
  expectRefused(await walk.greet(walk.greeting(members)), `Step 1 ${what}`, wanted)
}

export const greeting = checks({
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
})
