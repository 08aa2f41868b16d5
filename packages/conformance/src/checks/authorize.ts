import { createAgentKey } from '../agent/agent.ts'
import { attest } from '../agent/attestation.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectShape, expectStatus, expectThat } from '../check/expect.ts'
import { authorizationSchema } from '../wire/shapes.ts'

export const authorize = checks({
  'authorize-fields': async (subject) => {
    const client = await subject.client()
    for (const member of ['client_id', 'agent_attestation', 'provider_id', 'scopes', 'state'])
      expectRefused(
        await subject.authorize(client, { [member]: undefined }),
        `Authorization without ${member}`,
      )
    return 'each member must be there'
  },
  'authorize-state-free': async (subject) => {
    const answer = await subject.authorize(await subject.client(), { state: 'x' })
    expectStatus(answer, 200, 'Authorization with a state of one character')
    return 'a short state is the risk of the agent, and taken'
  },
  'authorize-state-long': async (subject) => {
    const answer = await subject.authorize(await subject.client(), { state: 's'.repeat(512) })
    expectStatus(answer, 200, 'Authorization with a state of 512 characters')
    return 'a state of 512 characters is taken'
  },
  'authorize-attested': async (subject) => {
    const client = await subject.client()
    const forged = { ...client, agent: { ...client.agent, key: await createAgentKey() } }
    expectRefused(await subject.authorize(forged), 'Authorization signed by another key', {
      status: 401,
      code: 'INVALID_ATTESTATION',
    })
    return 'refused'
  },
  'attestation-subject': async (subject) => {
    const client = await subject.client()
    const other = await subject.otherClient()
    const authorized = await subject.authorize(client, {
      agent_attestation: await attest(other.agent, subject.base),
    })
    expectRefused(authorized, "Authorization with another agent's attestation")
    const exchanged = await subject.exchange(client, 'ath_sess_unknown', {
      agent_attestation: await attest(other.agent, subject.at('/ath/token')),
    })
    expectRefused(exchanged, "Token request with another agent's attestation", {
      status: [401, 403],
    })
    return "another agent's attestation does not do, though it is valid"
  },
  'authorize-approved': async (subject) => {
    const client = await subject.client()
    expectRefused(
      await subject.authorize(client, { provider_id: 'conformance-no-such-provider' }),
      'Authorization for a provider that was not approved',
      { status: 403, code: 'PROVIDER_NOT_APPROVED' },
    )
    expectRefused(
      await subject.authorize(client, {
        scopes: [...client.scopes, 'conformance:no-such-scope'],
      }),
      'Authorization for a scope that was not approved',
      { status: 403, code: 'SCOPE_NOT_APPROVED' },
    )
    return 'providers and scopes that were not approved are refused'
  },
  'authorize-pkce': async (subject) => {
    const { url } = await subject.start(await subject.client())
    const { searchParams } = new URL(url)
    const challenge = searchParams.get('code_challenge') ?? ''
    expectThat(
      /^[A-Za-z0-9_-]{43}$/.test(challenge),
      `authorization_url has code_challenge "${challenge}", expected 43 characters of base64url`,
    )
    const method = searchParams.get('code_challenge_method')
    expectThat(method === 'S256', `code_challenge_method is ${method}, expected S256`)
    return 'code_challenge with S256'
  },
  'authorize-grant-type': async (subject) => {
    const { url } = await subject.start(await subject.client())
    const type = new URL(url).searchParams.get('response_type')
    expectThat(type === 'code', `authorization_url has response_type ${type}, expected code`)
    return 'response_type is code'
  },
  'authorize-verifier-kept': async (subject) => {
    const answer = await subject.authorize(await subject.client())
    expectStatus(answer, 200, 'Authorization')
    expectThat(
      !/code_verifier|"verifier"/.test(answer.text),
      'The answer to the authorization holds the PKCE verifier',
    )
    return 'the answer holds no verifier'
  },
  'authorize-redirects': async (subject) => {
    const client = await subject.redirectingClient()
    const own = await subject.authorize(client, { user_redirect_uri: subject.redirectUri })
    expectStatus(own, 200, 'Authorization with the registered redirect URI')
    for (const uri of [
      `${subject.redirectUri}/more`,
      `${subject.redirectUri}?more=1`,
      subject.redirectUri.replace('https:', 'http:'),
      'https://other.example/callback',
    ])
      expectRefused(
        await subject.authorize(client, { user_redirect_uri: uri }),
        `Authorization with user_redirect_uri ${uri}, which was not registered`,
      )
    return 'only exactly what was registered'
  },
  'authorize-no-redirects': async (subject) => {
    const answer = await subject.authorize(await subject.client(), {
      user_redirect_uri: subject.redirectUri,
    })
    expectRefused(answer, 'Authorization with user_redirect_uri where none was registered')
    return 'refused'
  },
  'authorize-answer': async (subject) => {
    const answer = await subject.authorize(await subject.client())
    expectStatus(answer, 200, 'Authorization')
    expectShape(authorizationSchema, answer, 'Authorization')
    return 'authorization_url and ath_session_id are there'
  },
  'authorize-resource': async (subject) => {
    const resource = 'https://api.example.com/conformance'
    const answer = await subject.authorize(await subject.client(), { resource })
    expectStatus(answer, 200, 'Authorization with a resource')
    const url = new URL(String(answer.json['authorization_url']))
    expectThat(
      url.searchParams.get('resource') === resource,
      `authorization_url has resource ${url.searchParams.get('resource')}, expected ${resource}`,
    )
    return 'the resource is passed on'
  },
  'authorize-without-login': async (subject) => {
    const answer = await subject.authorize(await subject.client())
    expectStatus(answer, 200, "Authorization without a person's log-in")
    return 'nobody needs to be signed in for the agent to ask'
  },
  'authorize-through-us': async (subject) => {
    const { url } = await subject.start(await subject.client())
    const { origin, searchParams } = new URL(url)
    expectThat(
      origin === new URL(subject.base).origin,
      `authorization_url leads to ${origin}, expected to pass through ${subject.base} first`,
    )
    for (const name of ['response_type', 'code_challenge', 'code_challenge_method', 'state'])
      expectThat(searchParams.has(name), `authorization_url has no ${name}`)
    return 'the browser comes here first, and the OAuth parameters are on the URL'
  },
  'check-order': async (subject) => {
    const client = await subject.client()
    const unsigned = { agent_attestation: 'not-an-attestation' }
    expectRefused(
      await subject.authorize(client, { ...unsigned, state: undefined }),
      'Authorization without state, with an attestation that is none',
      { status: 400, code: 'STATE_MISMATCH' },
    )
    expectRefused(
      await subject.authorize(client, { ...unsigned, client_id: 'ath_conformance_unknown' }),
      'Authorization of an unknown client, with an attestation that is none',
      { status: 403, code: 'AGENT_NOT_REGISTERED' },
    )
    expectRefused(
      await subject.exchange(client, 'ath_sess_unknown', { agent_attestation: undefined }),
      'Token request without an attestation',
      { status: 400, code: 'INVALID_ATTESTATION' },
    )
    expectRefused(
      await subject.exchange(client, 'ath_sess_unknown', { ...unsigned, client_secret: 'wrong' }),
      'Token request with a wrong secret, with an attestation that is none',
      { status: 401, code: 'AGENT_NOT_REGISTERED' },
    )
    return 'shape, state, client and secret are looked at before the attestation'
  },
})
