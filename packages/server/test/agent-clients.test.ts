import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { ok } from '@ath-protocol/types'
import { createTestAgent, type TestAgent } from '@sallyport/testing'
import { errors, Provider } from 'oidc-provider'
import {
  type AttestationVerifier,
  createAttestationVerifier,
  createOidcProviderAgents,
  InMemoryReplayStore,
  readAgentClient,
} from '../src/index.ts'
import { html } from '../src/pages/html.ts'
import { callbackUrl, createDevVisitor, startDevIdp } from './dev-idp-server.ts'

const agentId = 'https://office.agents.example/.well-known/agent.json'
const clock = { now: () => Date.now() / 1000 }

/** A verifier that finds the agent's document, and the agent. */
async function setUpAgent(changes: { readonly down?: boolean } = {}) {
  const agent = await createTestAgent({ agentId, name: 'Office <b>Assistant', clock })
  const attestations = createAttestationVerifier({
    documents: { fetch: async () => ok({ json: agent.document() }) },
    replay: changes.down
      ? { claim: () => Promise.reject(new Error('down')), sweep: async () => 0 }
      : new InMemoryReplayStore(),
    clock,
    allowLoopbackHttp: false,
  })
  return { agent, attestations }
}

const metadata = {
  redirect_uris: [callbackUrl],
  client_name: 'Totally <i>Your Bank',
  ath_agent_id: agentId,
  ath_agent_type: 'assistant',
  ath_capabilities_requested: ['products:read'],
}
const said = {
  agentId,
  type: 'assistant',
  capabilities: ['products:read'],
  proven: false,
  name: 'Totally <i>Your Bank',
}
const proven = { ...said, proven: true, name: 'Office <b>Assistant' }

describe('[R7] who registers is read from the metadata:', () => {
  const audience = 'https://as.example'
  const faultOf = async (
    changes: object,
    options: { readonly attestations?: AttestationVerifier; readonly proofRequired?: boolean },
  ) => {
    const result = await readAgentClient({ ...metadata, ...changes }, { audience, ...options })
    return result.ok ? 'accepted' : result.error
  }

  test('an ordinary client is no agent', async () => {
    const result = await readAgentClient({ client_name: 'Shop' }, { audience })
    assert.deepEqual(result, { ok: true, value: undefined })
  })

  test('an agent that proves nothing is unproven, and refused where proof is required', async () => {
    const { attestations } = await setUpAgent()
    assert.deepEqual(await readAgentClient(metadata, { audience, attestations }), {
      ok: true,
      value: said,
    })
    const fault = await faultOf({}, { attestations, proofRequired: true })
    assert.match(JSON.stringify(fault), /invalid_client_metadata.*send `ath_agent_attestation`/)
  })

  for (const member of ['ath_agent_attestation', 'software_statement'])
    test(`an agent that proves itself by ${member} has its published name`, async () => {
      const { agent, attestations } = await setUpAgent()
      const jwt = await agent.attest({ audience })
      const result = await readAgentClient(
        { ...metadata, [member]: jwt },
        { audience, attestations, proofRequired: true },
      )
      assert.deepEqual(result, { ok: true, value: proven })
    })

  test('an attestation counts for nothing where nobody can verify it', async () => {
    const { agent } = await setUpAgent()
    const ath_agent_attestation = await agent.attest({ audience })
    const result = await readAgentClient({ ...metadata, ath_agent_attestation }, { audience })
    assert.deepEqual(result, { ok: true, value: said })
    assert.notEqual(await faultOf({ ath_agent_attestation }, { proofRequired: true }), 'accepted')
  })

  const stale: readonly [string, (agent: TestAgent) => Promise<object>, string][] = [
    [
      'for another server',
      async (agent) => ({
        ath_agent_attestation: await agent.attest({ audience: 'https://b.example' }),
      }),
      'ath_agent_attestation: audience_differs',
    ],
    [
      'of another agent',
      async (agent) => ({
        ath_agent_id: 'https://evil.example/.well-known/agent.json',
        ath_agent_attestation: await agent.attest({ audience }),
      }),
      'ath_agent_attestation: subject_differs',
    ],
    [
      'under another key',
      async () => ({
        software_statement: await (await createTestAgent({ agentId, clock })).attest({ audience }),
      }),
      'software_statement: signature_wrong',
    ],
    ['that is none', async () => ({ software_statement: 'a.b.c' }), 'software_statement: '],
  ]
  for (const [what, changes, description] of stale)
    test(`an attestation ${what} is refused, not shown as unproven`, async () => {
      const { agent, attestations } = await setUpAgent()
      const fault = await faultOf(await changes(agent), { attestations })
      assert.ok(typeof fault === 'object')
      assert.equal(
        fault.error,
        description.startsWith('software')
          ? 'invalid_software_statement'
          : 'invalid_client_metadata',
      )
      assert.ok(fault.description.startsWith(description), fault.description)
    })

  test('an attestation works once', async () => {
    const { agent, attestations } = await setUpAgent()
    const ath_agent_attestation = await agent.attest({ audience })
    assert.equal(await faultOf({ ath_agent_attestation }, { attestations }), 'accepted')
    assert.match(
      JSON.stringify(await faultOf({ ath_agent_attestation }, { attestations })),
      /replayed/,
    )
  })

  test('nothing is accepted while attestations cannot be checked', async () => {
    const { agent, attestations } = await setUpAgent({ down: true })
    const fault = await faultOf(
      { ath_agent_attestation: await agent.attest({ audience }) },
      { attestations },
    )
    assert.ok(typeof fault === 'object')
    assert.equal(fault.error, 'temporarily_unavailable')
  })
})

interface Server {
  readonly issuer: string
  readonly registrationEndpoint: string
  /** The page that a client's request to authorize leads to. */
  consent(clientId: string): Promise<string>
}

/** A real oidc-provider whose own consent page shows the agent. */
async function startProvider(
  t: TestContext,
  attestations: AttestationVerifier,
): Promise<Server & { readonly provider: Provider }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const agents = createOidcProviderAgents({ errors, attestations, audience: issuer })
  const provider = new Provider(issuer, {
    cookies: { keys: ['cookie-key-of-this-test'] },
    extraClientMetadata: agents.extraClientMetadata,
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, ...agents.registration },
      registrationManagement: { enabled: true },
    },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: () => '/consent' },
  })
  const serve = provider.callback()
  server.on('request', (request, response) => {
    if (request.url !== '/consent') return void serve(request, response)
    provider
      .interactionDetails(request, response)
      .then(({ params }) => provider.Client.find(String(params['client_id'])))
      .then((client) => {
        const agent = agents.agentOf(client?.metadata())
        response.end(
          agent
            ? html`${agent.name} ${agent.agentId} ${agent.type} ${agent.capabilities.join(' ')} ${agent.proven ? 'proven' : 'unproven'}`
                .source
            : 'no agent',
        )
      })
      .catch((cause: unknown) => response.writeHead(500).end(String(cause)))
  })
  const consent = async (clientId: string) => {
    const visitor = createDevVisitor()
    const { location } = await visitor.open(authorizationUrl(`${issuer}/auth`, clientId))
    assert.ok(location)
    return (await visitor.open(location)).html
  }
  return { issuer, registrationEndpoint: `${issuer}/reg`, consent, provider }
}

async function startOurs(t: TestContext, attestations: AttestationVerifier): Promise<Server> {
  const server = await startDevIdp(t, { attestations })
  return {
    issuer: server.issuer,
    registrationEndpoint: `${server.issuer}/register`,
    consent: async (clientId) => {
      const page = await server
        .visitor()
        .open(authorizationUrl(`${server.issuer}/authorize`, clientId))
      return page.html
    },
  }
}

function authorizationUrl(endpoint: string, clientId: string): URL {
  const url = new URL(endpoint)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callbackUrl,
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString()
  return url
}

async function register(
  server: Server,
  changes: object,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const answer = await fetch(server.registrationEndpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...metadata, ...changes }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

for (const [name, start] of [
  ['oidc-provider', startProvider],
  ['the development log-in', startOurs],
] as const)
  describe(`[R7] with ${name},`, () => {
    test('an agent registers, and the consent page shows it, unproven, as text', async (t) => {
      const { attestations } = await setUpAgent()
      const server = await start(t, attestations)
      const { status, body } = await register(server, {})
      assert.equal(status, 201, JSON.stringify(body))
      for (const member of [
        'ath_agent_id',
        'ath_agent_type',
        'ath_capabilities_requested',
      ] as const)
        assert.deepEqual(body[member], metadata[member])
      const page = await server.consent(String(body['client_id']))
      assert.match(page, /Totally &#60;i&#62;Your Bank/)
      assert.match(page, /https:\/\/office\.agents\.example\/\.well-known\/agent\.json/)
      assert.match(page, /assistant/)
      assert.match(page, /unproven|not proven/)
    })

    test('an agent that proves itself is shown by its published name, not by the one it sent', async (t) => {
      const { agent, attestations } = await setUpAgent()
      const server = await start(t, attestations)
      const ath_agent_attestation = await agent.attest({ audience: server.issuer })
      const { status, body } = await register(server, { ath_agent_attestation })
      assert.equal(status, 201, JSON.stringify(body))
      const page = await server.consent(String(body['client_id']))
      assert.match(page, /Office &#60;b&#62;Assistant/)
      assert.doesNotMatch(page, /Your Bank|unproven|not proven/)
    })

    test('an agent cannot call itself proven', async (t) => {
      const { attestations } = await setUpAgent()
      const server = await start(t, attestations)
      const { status, body } = await register(server, {
        ath_agent_proven: true,
        ath_agent_name: 'Your Bank itself',
      })
      assert.equal(status, 201)
      assert.match(await server.consent(String(body['client_id'])), /unproven|not proven/)
    })

    test('a client without the members is an ordinary one', async (t) => {
      const { attestations } = await setUpAgent()
      const server = await start(t, attestations)
      const { status, body } = await register(server, {
        ath_agent_id: undefined,
        ath_agent_type: undefined,
        ath_capabilities_requested: undefined,
      })
      assert.equal(status, 201)
      assert.match(await server.consent(String(body['client_id'])), /no agent|An application asks/)
    })

    for (const [what, changes, error, description] of [
      ['no id', { ath_agent_id: undefined }, 'invalid_client_metadata', /^ath_agent_id: /],
      ['an id of null', { ath_agent_id: null }, 'invalid_client_metadata', /^ath_agent_id: /],
      [
        'an id that is no URL',
        { ath_agent_id: 'office' },
        'invalid_client_metadata',
        /^ath_agent_id: /,
      ],
      [
        'a type of markup',
        { ath_agent_type: '<b>' },
        'invalid_client_metadata',
        /^ath_agent_type: /,
      ],
      [
        'capabilities as text',
        { ath_capabilities_requested: 'products:read' },
        'invalid_client_metadata',
        /^ath_capabilities_requested: /,
      ],
      [
        'a wrong attestation',
        { ath_agent_attestation: 'a.b.c' },
        'invalid_client_metadata',
        /^ath_agent_attestation: /,
      ],
      [
        'a wrong statement',
        { software_statement: 'a.b.c' },
        'invalid_software_statement',
        /^software_statement: /,
      ],
    ] as const)
      test(`${what} is refused by RFC 7591, and the member is named`, async (t) => {
        const { attestations } = await setUpAgent()
        const { status, body } = await register(await start(t, attestations), changes)
        assert.equal(status, 400)
        assert.equal(body['error'], error)
        assert.match(String(body['error_description']), description)
      })
  })

test('[R7] with oidc-provider, a proven client that changes itself is unproven again', async (t) => {
  const { agent, attestations } = await setUpAgent()
  const server = await startProvider(t, attestations)
  const ath_agent_attestation = await agent.attest({ audience: server.issuer })
  const { body } = await register(server, { ath_agent_attestation })
  const { client_id, client_secret, registration_access_token, registration_client_uri } = body
  const changed = await fetch(String(registration_client_uri), {
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${String(registration_access_token)}`,
    },
    body: JSON.stringify({
      ...metadata,
      client_id,
      client_secret,
      ath_agent_id: 'https://evil.example/.well-known/agent.json',
      ath_agent_proven: true,
      ath_agent_name: 'Office',
    }),
  })
  assert.equal(changed.status, 200, await changed.text())
  const page = await server.consent(String(client_id))
  assert.match(page, /evil\.example.*unproven/)
})

test('[R7] with the development log-in, an agent gets no more than it named when it registered', async (t) => {
  const server = await startDevIdp(t)
  const { body } = await register(
    { ...server, registrationEndpoint: `${server.issuer}/register`, consent: async () => '' },
    {},
  )
  const url = authorizationUrl(`${server.issuer}/authorize`, String(body['client_id']))
  url.searchParams.set('scope', 'openid products:read')
  assert.equal((await server.visitor().open(url)).status, 200)
  url.searchParams.set('scope', 'openid products:read orders:write')
  const { location } = await server.visitor().open(url)
  assert.equal(location?.searchParams.get('error'), 'invalid_scope')
})
