import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createAttestation } from '@ath-protocol/types'
import * as oauth from 'openid-client'
import { type AgentHost, startAgentHost } from './agent-host.ts'
import { type Crm, startCrm } from './crm.ts'
import { crmResource, type Idp, type IdpClient, startIdp } from './idp.ts'
import { createVisitor, type Visit } from '@sallyport/testing'

const loginRedirectUri = 'http://127.0.0.1:9/login/callback'
const crmRedirectUri = 'http://127.0.0.1:9/ath/callback'
const shopUrl = 'http://127.0.0.1:9'
let idp: Idp
let crm: Crm
let agents: AgentHost

before(async () => {
  agents = await startAgentHost()
  idp = await startIdp({ loginRedirectUri, crmRedirectUri, shopUrl, accessTokenSeconds: 60 })
  crm = await startCrm({ issuer: idp.issuer, resource: crmResource, ...idp.crmApi })
})
after(async () => {
  await crm.close()
  await agents.close()
  await idp.close()
})

const discover = (client: IdpClient) =>
  oauth.discovery(
    new URL(idp.issuer),
    client.clientId,
    client.clientSecret,
    oauth.ClientSecretBasic(client.clientSecret),
    { execute: [oauth.allowInsecureRequests] },
  )

const signIn = [
  ['login', 'wang'],
  ['password', 'wang'],
  ['answer', 'login'],
] as const

/** Walks the person through log-in and, where asked, consent; returns the redirect back to the client. */
async function authorize(
  config: oauth.Configuration,
  parameters: Record<string, string>,
  consent: (page: Visit) => readonly (readonly [string, string])[],
) {
  const codeVerifier = oauth.randomPKCECodeVerifier()
  const nonce = oauth.randomNonce()
  const state = oauth.randomState()
  const redirect = parameters['redirect_uri'] ?? ''
  const url = oauth.buildAuthorizationUrl(config, {
    ...parameters,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
  })
  const visitor = createVisitor(redirect)
  let page = await visitor.open(url.href)
  page = await visitor.submit(page, signIn)
  if (!page.url.href.startsWith(redirect)) page = await visitor.submit(page, consent(page))
  return {
    back: page.url,
    checks: { pkceCodeVerifier: codeVerifier, expectedNonce: nonce, expectedState: state },
  }
}

const allow = (...scopes: readonly string[]) => [
  ...scopes.map((scope) => ['scope', scope] as const),
  ['answer', 'allow'] as const,
]

const crmRequest = {
  redirect_uri: crmRedirectUri,
  scope: 'openid offline_access crm.read crm.write',
  prompt: 'consent',
}

const customer = (token: string, change?: unknown) =>
  fetch(`${crm.url}/api/customer/123`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(change ? { method: 'POST', body: JSON.stringify(change) } : {}),
  })

test('the company log-in names the person and needs no consent', async () => {
  const config = await discover(idp.loginClient)
  const { back, checks } = await authorize(
    config,
    { redirect_uri: loginRedirectUri, scope: 'openid profile email' },
    () => assert.fail('no consent page was expected'),
  )
  assert.equal(back.searchParams.get('iss'), idp.issuer)
  const tokens = await oauth.authorizationCodeGrant(config, back, checks)
  const claims = tokens.claims()
  assert.equal(claims?.sub, 'wang')
  assert.equal(claims?.['name'], '王晓 Wang Xiao')
  assert.equal(claims?.['email'], 'wang@blueharbour.example')
})

test('a wrong password shows the form again and signs nobody in', async () => {
  const config = await discover(idp.loginClient)
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: loginRedirectUri,
    scope: 'openid',
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  })
  const visitor = createVisitor(loginRedirectUri)
  const page = await visitor.submit(await visitor.open(url.href), [
    ['login', 'wang'],
    ['password', 'li'],
  ])
  assert.match(page.html, /Name or password is wrong/)
})

test('a request without PKCE is refused', async () => {
  const config = await discover(idp.loginClient)
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: loginRedirectUri,
    scope: 'openid',
  })
  const page = await createVisitor(loginRedirectUri).open(url.href)
  assert.equal(page.url.searchParams.get('error'), 'invalid_request')
})

test('a token of the customer system reads and writes, is refreshed with rotation, and ends when revoked', async () => {
  const config = await discover(idp.crmClient)
  const { back, checks } = await authorize(config, crmRequest, (page) => {
    assert.match(page.html, /crm\.write/)
    assert.match(page.html, /王晓 Wang Xiao/)
    return allow('crm.read', 'crm.write')
  })
  const first = await oauth.authorizationCodeGrant(config, back, checks)
  assert.equal(first.scope, 'crm.read crm.write')
  assert.equal(first.expires_in, 60)
  const changed = await customer(first.access_token, { status: 'following_up' })
  assert.equal(changed.status, 200)
  assert.equal(crm.customer('123')?.status, 'following_up')
  assert.equal(crm.customer('123')?.changed_by, 'wang')

  const refreshes = idp.refreshes()
  const second = await oauth.refreshTokenGrant(config, first.refresh_token ?? '')
  assert.equal(idp.refreshes(), refreshes + 1)
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal((await customer(second.access_token)).status, 200)

  const revocations = idp.revocations()
  await oauth.tokenRevocation(config, second.refresh_token ?? '')
  assert.equal(idp.revocations(), revocations + 1)
  assert.equal((await customer(second.access_token)).status, 401)
})

test('a refresh token that was used already ends the whole grant', async () => {
  const config = await discover(idp.crmClient)
  const { back, checks } = await authorize(config, crmRequest, () => allow('crm.read'))
  const first = await oauth.authorizationCodeGrant(config, back, checks)
  const second = await oauth.refreshTokenGrant(config, first.refresh_token ?? '')
  await assert.rejects(oauth.refreshTokenGrant(config, first.refresh_token ?? ''), {
    error: 'invalid_grant',
  })
  assert.equal((await customer(second.access_token)).status, 401)
})

test('a scope unticked at the consent page is not in the token and not in the API', async () => {
  const config = await discover(idp.crmClient)
  const { back, checks } = await authorize(config, crmRequest, () => allow('crm.read'))
  const tokens = await oauth.authorizationCodeGrant(config, back, checks)
  assert.equal(tokens.scope, 'crm.read')
  assert.equal((await customer(tokens.access_token)).status, 200)
  assert.equal((await customer(tokens.access_token, { status: 'lost' })).status, 403)
})

test('a person who says no sends the client an access_denied with the issuer', async () => {
  const config = await discover(idp.crmClient)
  const { back, checks } = await authorize(config, crmRequest, () => [['answer', 'deny']])
  assert.equal(back.searchParams.get('iss'), idp.issuer)
  await assert.rejects(oauth.authorizationCodeGrant(config, back, checks), {
    error: 'access_denied',
  })
})

test('a resource that is not the customer system is refused', async () => {
  const config = await discover(idp.crmClient)
  const url = oauth.buildAuthorizationUrl(config, {
    ...crmRequest,
    resource: 'https://elsewhere.example/api',
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  })
  const page = await createVisitor(crmRedirectUri).open(url.href)
  assert.equal(page.url.searchParams.get('error'), 'invalid_target')
})

test('the customer system refuses callers without a token, or with one of another client', async () => {
  assert.equal((await fetch(`${crm.url}/api/customer/123`)).status, 401)
  const config = await discover(idp.loginClient)
  const { back, checks } = await authorize(
    config,
    { redirect_uri: loginRedirectUri, scope: 'openid' },
    () => [],
  )
  const tokens = await oauth.authorizationCodeGrant(config, back, checks)
  assert.equal((await customer(tokens.access_token)).status, 401)
})

/** Registers the office assistant as a client, as agents do at a server that knows of them. */
async function registerAgent(changes: object = {}) {
  const answer = await fetch(`${idp.issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Blue Harbour itself',
      redirect_uris: [crmRedirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      ath_agent_id: agents.office.agentId,
      ath_agent_type: 'assistant',
      ath_capabilities_requested: ['crm.read'],
      ...changes,
    }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, string> }
}

test('[R7] an agent that registers and proves itself is shown by its published name, and held to what it named', async () => {
  const { agentId, key } = agents.office
  const ath_agent_attestation = await createAttestation({
    agentId,
    key: key.privateKey,
    keyId: key.keyId,
    audience: idp.issuer,
    now: Date.now() / 1000,
  })
  const { status, body } = await registerAgent({ ath_agent_attestation })
  assert.equal(status, 201, JSON.stringify(body))
  const { client_id: clientId = '', client_secret: clientSecret = '' } = body
  const config = await discover({ clientId, clientSecret })
  const { back, checks } = await authorize(config, crmRequest, (page) => {
    assert.match(page.html, /AI 办公助手 Office Assistant/)
    assert.match(page.html, /name proven by its key/)
    assert.ok(page.html.includes(agentId))
    assert.doesNotMatch(page.html, /Blue Harbour itself|crm\.write/)
    return allow('crm.read', 'crm.write')
  })
  const tokens = await oauth.authorizationCodeGrant(config, back, checks)
  assert.equal(tokens.scope, 'crm.read')
  assert.equal((await customer(tokens.access_token)).status, 200)
})

test('[R7] an agent that proves nothing is shown as unproven', async () => {
  const { body } = await registerAgent()
  const { client_id: clientId = '', client_secret: clientSecret = '' } = body
  const config = await discover({ clientId, clientSecret })
  const { back } = await authorize(config, crmRequest, (page) => {
    assert.match(page.html, /Blue Harbour itself/)
    assert.match(page.html, /name not proven/)
    return [['answer', 'deny']]
  })
  assert.equal(back.searchParams.get('error'), 'access_denied')
})

test('[R7] a client that half says that it is an agent is refused with invalid_client_metadata', async () => {
  const { status, body } = await registerAgent({ ath_agent_type: undefined })
  assert.equal(status, 400)
  assert.equal(body['error'], 'invalid_client_metadata')
  assert.match(body['error_description'] ?? '', /^ath_agent_type: /)
})
