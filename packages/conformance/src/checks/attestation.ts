import { randomUUID } from 'node:crypto'
import { generateKeyPair } from 'jose'
import { createAgentKey } from '../agent/agent.ts'
import { attest, type AttestationChanges, tampered, unsigned } from '../agent/attestation.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectStatus } from '../check/expect.ts'
import type { Subject } from '../subject/subject.ts'

const now = () => Math.floor(Date.now() / 1000)
const invalid = { status: 401, code: 'INVALID_ATTESTATION' } as const

/** An authorization with an attestation that is wrong in one way: everything else about it is right. */
async function refuses(
  subject: Subject,
  what: string,
  attestation: string | AttestationChanges,
  audience = subject.base,
): Promise<void> {
  const client = await subject.client()
  const agent_attestation =
    typeof attestation === 'string'
      ? attestation
      : await attest(client.agent, audience, attestation)
  const answer = await subject.authorize(client, { agent_attestation })
  expectRefused(answer, `Authorization with an attestation ${what}`, invalid)
}

async function takes(
  subject: Subject,
  what: string,
  changes: AttestationChanges,
  audience = subject.base,
): Promise<void> {
  const client = await subject.client()
  const agent_attestation = await attest(client.agent, audience, changes)
  const answer = await subject.authorize(client, { agent_attestation })
  expectStatus(answer, 200, `Authorization with an attestation ${what}`)
}

export const attestation = checks({
  'attestation-algorithm': async (subject) => {
    const { agent } = await subject.client()
    await refuses(
      subject,
      'that nobody signed (alg none)',
      unsigned(await attest(agent, subject.base)),
    )
    await refuses(subject, 'signed with HS256', {
      header: { alg: 'HS256' },
      key: new TextEncoder().encode(JSON.stringify(agent.key.jwk)),
    })
    for (const alg of ['RS256', 'ES384']) {
      const { privateKey } = await generateKeyPair(alg)
      await refuses(subject, `signed with ${alg}`, { header: { alg }, key: privateKey })
    }
    return 'none, HS256, RS256 and ES384 are refused'
  },
  'attestation-claims': async (subject) => {
    for (const claim of ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'])
      await refuses(subject, `without ${claim}`, { claims: { [claim]: undefined } })
    return 'each of iss, sub, aud, iat, exp and jti must be there'
  },
  'attestation-signature': async (subject) => {
    const { agent } = await subject.client()
    const { privateKey } = await createAgentKey()
    await refuses(subject, 'signed by another key', { key: privateKey })
    const signed = await attest(agent, subject.base)
    await refuses(subject, 'changed after signing', tampered(signed, { jti: randomUUID() }))
    await refuses(subject, 'that is no JWT', 'not.a-jwt')
    return 'only the key that the document publishes counts'
  },
  'attestation-expiry': async (subject) => {
    await refuses(subject, 'that is expired', { claims: { iat: now() - 200, exp: now() - 90 } })
    await refuses(subject, 'without exp', { claims: { exp: undefined } })
    return 'expired, or without an end: refused'
  },
  'attestation-audience': async (subject) => {
    await refuses(subject, 'for another server', {}, 'https://other-gateway.example')
    await refuses(subject, 'for a server whose name begins alike', {}, `${subject.base}.example`)
    await refuses(subject, 'for nobody', { claims: { aud: undefined } })
    return 'an attestation for another audience is refused'
  },
  'attestation-time': async (subject) => {
    await refuses(subject, 'made 10 minutes ago', {
      claims: { iat: now() - 600, exp: now() + 300 },
    })
    await refuses(subject, 'made in 10 minutes', { claims: { iat: now() + 600, exp: now() + 900 } })
    return 'iat 10 minutes off is refused'
  },
  'attestation-replay': async (subject) => {
    const client = await subject.client()
    const agent_attestation = await attest(client.agent, subject.base)
    const first = await subject.authorize(client, { agent_attestation })
    expectStatus(first, 200, 'Authorization with a fresh attestation')
    const second = await subject.authorize(client, { agent_attestation })
    expectRefused(second, 'Authorization with the same attestation again', invalid)
    return 'the second use is refused'
  },
  'attestation-lifetime': async (subject) => {
    await refuses(subject, 'that lives a day', { claims: { exp: now() + 86_400 } })
    return 'an attestation for a day is refused'
  },
  'attestation-fresh': async (subject) => {
    const agent = await subject.newAgent()
    const used = await attest(agent, subject.base)
    const client = await subject.enrol(agent, { agent_attestation: used })
    const reused = await subject.authorize(client, { agent_attestation: used })
    expectRefused(reused, 'Authorization with the attestation of the registration', invalid)
    const absent = await subject.authorize(client, { agent_attestation: undefined })
    expectRefused(absent, 'Authorization without an attestation')
    const tokenless = await subject.exchange(client, 'ath_sess_unknown', {
      agent_attestation: undefined,
    })
    expectRefused(tokenless, 'Token request without an attestation')
    return 'each step needs an attestation of its own'
  },
  'attestation-base-audience': async (subject) => {
    await takes(subject, 'for the base URL', {})
    return 'the base URL is the audience'
  },
  'attestation-audience-forms': async (subject) => {
    for (const audience of [`${subject.base}/`, `${subject.base}/ath/authorize`])
      await takes(subject, `for ${audience}`, {}, audience)
    return 'the base URL, with a slash, and the endpoint are taken'
  },
  'attestation-issuer': async (subject) => {
    const { agent } = await subject.client()
    await takes(subject, 'whose iss is the agent id', {})
    await takes(subject, "whose iss is the agent's origin", {
      claims: { iss: new URL(agent.id).origin },
    })
    await refuses(subject, 'whose iss is another', { claims: { iss: 'https://other.example' } })
    return 'iss is the agent id or its origin, and nobody else'
  },
  'attestation-type': async (subject) => {
    await takes(subject, 'with typ jwt', { header: { typ: 'jwt' } })
    await takes(subject, 'without typ', { header: { typ: undefined } })
    await refuses(subject, 'whose typ says it is something else', { header: { typ: 'at+jwt' } })
    return 'typ is absent or JWT'
  },
  'attestation-limits': async (subject) => {
    await takes(subject, 'that lives an hour', { claims: { exp: now() + 3600 } })
    const jti = randomUUID()
    const { privateKey } = await createAgentKey()
    await refuses(subject, 'signed by another key', { claims: { jti }, key: privateKey })
    await takes(subject, 'whose jti only a forger used before', { claims: { jti } })
    return 'an hour is taken, and a forger cannot use up a jti'
  },
})
