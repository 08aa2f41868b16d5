import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { importKeyText } from '@ath-protocol/types'
import { loadConfig } from './load.ts'
import { writeProblem } from './problem.ts'
import { summarize, writeSummary } from './summary.ts'

const keyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = keyPair.publicKey.export({ type: 'spki', format: 'pem' }) as string
const privatePem = keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const files = {
  'agent.pem': pem,
  'agent.jwk': JSON.stringify(keyPair.publicKey.export({ format: 'jwk' })),
  'private.pem': privatePem,
  'private.jwk': JSON.stringify(keyPair.privateKey.export({ format: 'jwk' })),
  'p384.pem': p384.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  'text.pem': 'hello',
}

function load(t: TestContext, lines: string) {
  const cwd = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  for (const [name, text] of Object.entries({ ...files, 'f.yaml': `version: 1\n${lines}\n` }))
    writeFileSync(join(cwd, name), text)
  const loaded = loadConfig({ mode: 'dev', env: {}, cwd, file: 'f.yaml' })
  return loaded.ok
    ? { config: loaded.value, problems: '' }
    : { config: undefined, problems: loaded.error.map(writeProblem).join('\n') }
}

const provider = (more = '', scopes = '{ oa:read: [GET /api/**] }') =>
  `providers: { oa: { url: "http://10.0.0.1", auth: { kind: none }, scopes: ${scopes}${more} } }`

test('[U13] the scenario’s restrictions load for everybody, for a provider and for an agent', (t) => {
  const { config, problems } = load(
    t,
    `restrictions: { ip_whitelist: [10.0.0.0/8, "2001:db8::/32"], access_time: 9:00-18:00, access_timezone: Asia/Shanghai }
agents:
  - { agent: did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169, allow: { oa: [oa:read] }, restrictions: { rate_limit: 100/day } }
${provider(', restrictions: { order_amount_limit: 12.5 }, amounts: [{ match: POST /api/orders, field: /total }]')}`,
  )
  assert.equal(problems, '')
  assert.deepEqual(config?.ath.restrictions, {
    ip_whitelist: ['10.0.0.0/8', '2001:db8::/32'],
    access_time: '9:00-18:00',
    access_timezone: 'Asia/Shanghai',
  })
  assert.deepEqual(config?.ath.approvalRules[0]?.restrictions, { rate_limit: '100/day' })
  assert.deepEqual(config?.ath.providers.get('oa')?.restrictions, { order_amount_limit: 12.5 })
  assert.deepEqual(config?.providers.get('oa')?.amounts, [
    { rule: { scope: '', method: 'POST', pattern: '/api/orders' }, field: '/total' },
  ])
})

const refusals: readonly (readonly [name: string, lines: string, problem: RegExp])[] = [
  [
    'a restriction that nobody enforces',
    'restrictions: { ip_whitelists: [10.0.0.0/8] }',
    /restrictions\.ip_whitelists: is not a known key {2}→ did you mean "ip_whitelist"\?/,
  ],
  [
    'an unknown restriction of a provider',
    provider(', restrictions: { mfa: true }'),
    /providers\.oa\.restrictions\.mfa: is not a known key {2}→ known here: ip_whitelist/,
  ],
  [
    'an unknown restriction of an agent',
    `agents: [{ domain: a.example, allow: { oa: [oa:read] }, restrictions: { weekdays: Mon } }]\n${provider()}`,
    /agents\[0\]\.restrictions\.weekdays: is not a known key/,
  ],
  [
    'an address that is no network',
    'restrictions: { ip_whitelist: [10.0.0.1] }',
    /is not a network \(`10\.0\.0\.1`\)/,
  ],
  [
    'a network with bits behind its prefix',
    'restrictions: { ip_whitelist: [10.0.0.1/8] }',
    /is not a network \(`10\.0\.0\.1\/8`\) {2}→ write CIDR/,
  ],
  [
    'a whitelist that lets nobody in',
    'restrictions: { ip_whitelist: [] }',
    /is empty, so nobody could call/,
  ],
  [
    'hours that never are',
    'restrictions: { access_time: 9:00-9:00 }',
    /access_time: is not a span of hours \(`9:00-9:00`\) {2}→ write it like 9:00-18:00/,
  ],
  [
    'a zone that nobody knows',
    'restrictions: { access_time: 9:00-18:00, access_timezone: Mars/Base }',
    /access_timezone: is not a time zone \(`Mars\/Base`\)/,
  ],
  [
    'a zone without hours',
    'restrictions: { access_timezone: Asia/Shanghai }',
    /access_timezone: has no effect without access_time/,
  ],
  ['a rate of another shape', 'restrictions: { rate_limit: 5/min }', /rate_limit: is not a rate/],
  [
    'an amount that no request says',
    `restrictions: { order_amount_limit: 100 }\n${provider()}`,
    /f\.yaml:2:37 {2}restrictions\.order_amount_limit: cannot be enforced: provider oa does not say where.* {2}→ add providers\.oa\.amounts/,
  ],
  [
    'an amount of an agent that no request says',
    `agents: [{ domain: a.example, allow: { oa: [oa:read] }, restrictions: { order_amount_limit: 100 } }]\n${provider()}`,
    /agents\[0\]\.restrictions\.order_amount_limit: cannot be enforced/,
  ],
  [
    'an amount at no JSON pointer',
    provider(', amounts: [{ match: POST /api/orders, field: total }]'),
    /amounts\[0\]\.field: is not a JSON pointer/,
  ],
  [
    'restrictions of an agent that gets nothing',
    'agents: [{ domain: a.example, decide: deny, restrictions: { rate_limit: 1/day } }]',
    /agents\[0\]\.restrictions: has no effect under decide: deny/,
  ],
  [
    'two scopes with one name in the nine-step handshake',
    provider('', '{ read: [GET /a], oa:read: [GET /b] }'),
    /providers\.oa\.scopes\.oa:read: and scope `read` are both oa:read in the nine-step handshake {2}→ rename one/,
  ],
  [
    'a risk that is none',
    provider('', '{ r: { match: [GET /a], risk: hgih } }'),
    /risk: `hgih` is not a known value {2}→ did you mean "high"\?/,
  ],
  [
    'a session over a day',
    'nine_step: { session_lifetime: 25h }',
    /session_lifetime: is too much \(`25h`\) {2}→ between 1m and 1d/,
  ],
  [
    'a server DID of another method',
    'nine_step: { server_did: "did:web:gw.example" }',
    /server_did: is not a did:ath/,
  ],
  ['a server DID that is none', 'nine_step: { server_did: gateway }', /server_did: is not a DID/],
  [
    'a server DID that looks like a key’s',
    `nine_step: { server_did: "did:ath:${'A'.repeat(43)}" }`,
    /server_did: has the form of a key’s own DID/,
  ],
  [
    'a pinned DID without a key',
    'nine_step: { agents: [{ did: "did:ath:office", name: Office }] }',
    /nine_step\.agents\[0\]: has no key {2}→ add key_file/,
  ],
  [
    'a pinned DID with a private key',
    'nine_step: { agents: [{ did: "did:ath:office", name: Office, key_file: private.pem }] }',
    /agents\[0\]\.key_file: is a private key, which only the agent may have/,
  ],
  [
    'a pinned DID with a private JWK',
    'nine_step: { agents: [{ did: "did:ath:office", name: Office, key_file: private.jwk }] }',
    /agents\[0\]\.key_file: is a private key/,
  ],
  [
    'a pinned DID with a key of another curve',
    'nine_step: { agents: [{ did: "did:ath:office", name: Office, key_file: p384.pem }] }',
    /is neither a P-256 nor an Ed25519 key/,
  ],
  [
    'a pinned DID with no key in its file',
    'nine_step: { agents: [{ did: "did:ath:office", name: Office, key_file: text.pem }] }',
    /is not a public key/,
  ],
  [
    'a key file that is not there',
    'nine_step: { agents: [{ did: "did:ath:office", name: Office, key_file: none.pem }] }',
    /key_file: cannot be read: there is no such file/,
  ],
  [
    'one DID with two keys',
    'nine_step: { agents: [{ did: "did:ath:o", name: O, key_file: agent.pem }, { did: "did:ath:o", name: P, key_file: agent.jwk }] }',
    /agents\[1\]\.did: `did:ath:o` has a key already/,
  ],
  [
    'another key under a key’s own DID',
    `nine_step: { agents: [{ did: "did:ath:${'A'.repeat(43)}", name: O, key_file: agent.pem }] }`,
    /did: is the DID of another key {2}→ write did:ath:/,
  ],
  [
    'a rule for a name that no key is bound to',
    `agents: [{ agent: "did:ath:office", allow: { oa: [oa:read] } }]\n${provider()}`,
    /agents\[0\]\.agent: no key is bound to this DID {2}→ add nine_step\.agents/,
  ],
  [
    'a beginning of a did:ath',
    `agents: [{ agent: "did:ath:off*", allow: { oa: [oa:read] } }]\n${provider()}`,
    /agents\[0\]\.agent: does not name a whole host .*→ write did:web:agents\.corp\.example:\*/,
  ],
  [
    'a beginning of a did:web’s host',
    `agents: [{ agent: "did:web:corp.example*", allow: { oa: [oa:read] } }]\n${provider()}`,
    /agents\[0\]\.agent: does not name a whole host/,
  ],
  [
    'a DID of a method that no agent comes with',
    `agents: [{ agent: "did:ethr:0x1", allow: { oa: [oa:read] } }]\n${provider()}`,
    /agents\[0\]\.agent: is not a DID that agents come with/,
  ],
]

for (const [name, lines, problem] of refusals)
  test(`[U13] [U4] ${name} refuses the configuration and says what to write`, (t) => {
    const { problems } = load(t, lines)
    assert.match(problems, problem)
    assert.doesNotMatch(problems, /PRIVATE|undefined/)
  })

test('[U4] [D7] the nine-step handshake is on by default, and a pinned DID has the thumbprint of its key', async (t) => {
  const { config, problems } = load(
    t,
    `nine_step:
  server_did: did:ath:enterprise_gateway_001
  encryption: required
  confirmation: unless_covered
  session_lifetime: 24h
  agents:
    - { did: "did:ath:ai_office_assistant_001", key_file: ./agent.pem, name: AI Office Assistant, developer: { id: corp, name: Corp } }
    - { did: "did:web:agents.example:b", key_file: ./agent.jwk, name: B }
gateway: { passkey_from: medium }
agents:
  - { agent: "did:ath:ai_office_assistant_001", allow: { oa: [oa:read] } }
  - { agent: "did:web:agents.example:*", allow: { oa: [oa:read] } }
${provider('', '{ oa:read: { match: [GET /a], risk: low } }')}`,
  )
  assert.equal(problems, '')
  const key = await importKeyText(pem)
  assert.ok(key.ok)
  const { thumbprint } = key.value
  assert.deepEqual(config?.ath.nineStep, {
    encryption: 'required',
    confirmation: 'unless_covered',
    sessionLifetimeSeconds: 86_400,
    pinnedDids: [
      {
        did: 'did:ath:ai_office_assistant_001',
        thumbprint,
        name: 'AI Office Assistant',
        developer: { id: 'corp', name: 'Corp' },
      },
      {
        did: 'did:web:agents.example:b',
        thumbprint,
        name: 'B',
        developer: { id: 'unknown', name: 'unknown' },
      },
    ],
  })
  assert.equal(config?.serverDid, 'did:ath:enterprise_gateway_001')
  assert.equal(config?.ath.passkeyFrom, 'medium')
  assert.deepEqual(config?.ath.providers.get('oa')?.scopes, [{ name: 'oa:read', risk: 'low' }])
})

test('[D7] the nine-step handshake has safe defaults and can be turned off', (t) => {
  assert.deepEqual(load(t, '').config?.ath.nineStep, {
    encryption: 'offered',
    confirmation: 'always',
    sessionLifetimeSeconds: 28_800,
    pinnedDids: [],
  })
  assert.equal(load(t, 'nine_step: { enabled: false }').config?.ath.nineStep, undefined)
  assert.equal(load(t, '').config?.ath.passkeyFrom, 'high')
})

test('[U13] the check shows restrictions, the nine-step handshake, and which provider has no short path', (t) => {
  const { config, problems } = load(
    t,
    `restrictions: { ip_whitelist: [10.0.0.0/8, "2001:db8::/32"], access_time: 9:00-18:00 }
agents:
  - { agent: "https://a.example/*", allow: { oa: [oa:read] }, restrictions: { rate_limit: 5/day } }
providers:
  oa: { url: "http://10.0.0.1", auth: { kind: none }, scopes: { oa:read: [GET /a] } }
  me: { url: "http://10.0.0.2", auth: { kind: none }, scopes: { me:read: [GET /a] } }`,
  )
  assert.equal(problems, '')
  assert.ok(config)
  const summary = summarize(config)
  assert.deepEqual(
    summary.providers.map((provider) => provider.reached_at),
    [['/oa/', '/ath/proxy/oa/'], ['/ath/proxy/me/']],
  )
  const text = writeSummary(summary)
  assert.match(text, /only ip_whitelist 10\.0\.0\.0\/8, 2001:db8::\/32, access_time 9:00-18:00/)
  assert.match(text, /reached only at \/ath\/proxy\/me\/: \/me is the gateway’s own address/)
  assert.match(text, /gets oa\/oa:read for 90d, only rate_limit 5\/day/)
  assert.match(text, /nine_step {2}encryption offered, confirmation always, sessions up to 8h/)
})

test('[D19] a provider without our page is refused where a yes there needs a passkey', (t) => {
  const forge = (scopes: string, gateway = '') => `${gateway}
providers:
  forge:
    url: https://api.forge.example
    auth: { kind: oauth2, issuer: "https://forge.example", client_id: a, client_secret: b }
    consent_page: false
    scopes: ${scopes}`
  const plain = '{ forge:read: [GET /a] }'
  const risky = '{ forge:read: [GET /a], forge:erase: { match: [DELETE /a], risk: high } }'
  const missing = /providers\.forge\.consent_page: nobody would ask for a passkey, which scope/
  assert.equal(load(t, forge(plain)).problems, '')
  assert.match(load(t, forge(risky)).problems, missing)
  assert.match(load(t, forge(plain, 'gateway: { passkey_from: medium }')).problems, missing)
  assert.equal(load(t, forge(risky, 'gateway: { passkey_from: never }')).problems, '')
})
