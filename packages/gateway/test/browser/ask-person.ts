import assert from 'node:assert/strict'
import type { AthConfig, ConsentRequest, ProviderDefinition } from '@ath-protocol/server'
import { createDidKey, NineStepAgent, signCredential } from '@sallyport/testing'
import type { UserId } from '@ath-protocol/types'
import type { TestGateway } from './gateway.ts'

const oa: ProviderDefinition = {
  id: 'oa',
  displayName: 'Blue Harbour Office',
  authMode: 'none',
  consentPage: true,
  restrictions: {
    ip_whitelist: ['10.0.0.0/8'],
    access_time: '9:00-18:00',
    access_timezone: 'Asia/Shanghai',
  },
  scopes: [
    { name: 'oa:delete', description: 'Delete approvals for good', risk: 'high' },
    { name: 'oa:write', description: 'Decide approvals' },
    { name: 'oa:read', description: 'Read approvals', risk: 'low' },
    { name: 'oa:users', description: 'Manage users and their rights', risk: 'high' },
  ],
}

/** Asks people itself; at the test gateway it then knows one scope. */
const crm: ProviderDefinition = {
  id: 'crm',
  displayName: 'Blue Harbour CRM',
  authMode: 'oauth2',
  consentPage: true,
  upstreamScopes: { write: 'finance:read' },
  scopes: [{ name: 'write', description: 'Change customers' }],
}

/** A gateway on which an agent can ask a person by the nine-step handshake. */
export const nineStepConfig: Partial<AthConfig> = {
  providers: new Map([oa, crm].map((provider) => [provider.id, provider])),
  restrictions: { rate_limit: '100/minute' },
  nineStep: {
    encryption: 'off',
    confirmation: 'always',
    sessionLifetimeSeconds: 28_800,
    pinnedDids: [],
  },
}

/** An approved agent asks `userId`, over the gateway's own socket; step 5 was answered with 202. */
export async function askPerson(
  { url, ports, clock }: TestGateway,
  userId: UserId,
  options: {
    readonly scopes?: readonly string[]
    /** What the person allowed ahead. Default: `scopes`. */
    readonly ahead?: readonly string[]
    readonly context?: string
  } = {},
): Promise<{
  readonly agent: NineStepAgent
  readonly consent: ConsentRequest
  readonly page: string
}> {
  const { nineStep } = ports
  assert.ok(nineStep)
  const [key, person] = await Promise.all([createDidKey(), createDidKey()])
  const now = clock.now()
  await nineStep.userKeys.insert({
    thumbprint: person.publicKey.thumbprint,
    userId,
    jwk: person.publicKey.jwk,
    label: 'laptop',
    createdAt: now,
  })
  await ports.registry.insert({
    clientId: `ath_${key.did.slice(-12)}`,
    agentId: key.did,
    name: 'AI Office Assistant',
    developer: { name: 'Example Agents Ltd', id: 'example-agents' },
    status: 'approved',
    requested: [],
    approvals: [
      {
        provider_id: 'oa',
        approved_scopes: ['oa:read', 'oa:write', 'oa:delete'],
        denied_scopes: [],
      },
      { provider_id: 'crm', approved_scopes: ['write'], denied_scopes: [] },
    ],
    approvalExpiresAt: now + 86_400,
    secretHash: 'none',
    registeredAt: now,
    decidedAt: now,
    decidedBy: 'operator:chen',
  })
  const scopes = options.scopes ?? ['oa:read', 'oa:write']
  const agent = new NineStepAgent({
    key,
    now: () => clock.now(),
    async send(method, path, { body, headers = {} }) {
      const response = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, json: (await response.json()) as Record<string, unknown> }
    },
  })
  assert.equal((await agent.greet()).status, 200)
  assert.equal((await agent.identify()).status, 200)
  const credential = await signCredential(person, {
    agent: key,
    serverDid: nineStep.serverDid,
    scopes: options.ahead ?? scopes,
    now,
  })
  const context = options.context ?? 'Read your approvals and prepare the decisions for you.'
  const asked = await agent.request(credential, scopes, { context })
  assert.equal(asked.status, 202, JSON.stringify(asked.json))
  const consent = await ports.consents.findByHandshake(agent.handshakeId)
  assert.ok(consent)
  return { agent, consent, page: `${url}/ath/confirm/${consent.id}` }
}
