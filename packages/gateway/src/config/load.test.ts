import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { GatewayConfig } from './config.ts'
import { loadConfig } from './load.ts'
import { writeProblem } from './problem.ts'

const twelveLines = `# yaml-language-server: $schema=./sallyport.schema.json
version: 1
gateway: { url: https://gw.corp.example }
login: { issuer: https://idp.corp.example, client_id: sallyport, client_secret: "\${file:./idp}" }
agents:
  - { agent: "https://office-agent.example.com/*", allow: { oa: [oa:read] } }
providers:
  oa:
    url: http://10.0.4.12:8080/oa
    auth: { kind: none }
    scopes:
      oa:read: [GET /api/**]
`

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  t.after(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

function load(
  t: TestContext,
  text: string,
  options: {
    readonly mode?: 'dev' | 'start'
    readonly env?: Record<string, string>
    readonly port?: number
  } = {},
): { readonly config: GatewayConfig | undefined; readonly problems: string; readonly cwd: string } {
  const { mode = 'dev', env = {}, port } = options
  const cwd = folder(t, { 'f.yaml': text, idp: 's3cret\n' })
  const loaded = loadConfig({
    mode,
    env,
    cwd,
    file: 'f.yaml',
    ...(port === undefined ? {} : { port }),
  })
  return loaded.ok
    ? { config: loaded.value, problems: '', cwd }
    : { config: undefined, problems: loaded.error.map(writeProblem).join('\n'), cwd }
}

test('[R95] [R96] twelve lines are a safe configuration: one rule, everything else closed', (t) => {
  assert.equal(twelveLines.trimEnd().split('\n').length, 12)
  const { config, problems, cwd } = load(t, twelveLines, { mode: 'start' })
  assert.equal(problems, '')
  assert.ok(config)
  assert.equal(config.ath.baseUrl, 'https://gw.corp.example')
  assert.equal(config.ath.callbackUrl, 'https://gw.corp.example/ath/callback')
  assert.equal(config.dataDir, join(cwd, '.sallyport'))
  assert.equal(config.listen.host, '127.0.0.1')
  assert.deepEqual(config.providers.get('oa')?.scopeRules, [
    { scope: 'oa:read', method: 'GET', pattern: '/api/**' },
  ])
  assert.equal(config.providers.get('oa')?.url.href, 'http://10.0.4.12:8080/oa')
  assert.equal(config.ath.providers.get('oa')?.consentPage, true)
  assert.equal(config.ath.unmatchedAgents, 'hold')
  assert.equal(config.ath.browserBinding, true)
  assert.equal(config.ath.allowLoopbackHttp, false)
  assert.deepEqual(config.devDefaults, [])
  assert.ok(config.login.kind === 'oidc')
  assert.equal(config.login.clientSecret, 's3cret')
})

test('[R119] every operation has a rate limit unless it is turned off', (t) => {
  const { config } = load(t, 'version: 1\nlimits: { proxy_token: none, login_ip: 5/second }\n')
  assert.deepEqual([...(config?.limits.keys() ?? [])].sort(), [
    'authorize_client',
    'confirm_user',
    'handshake_client',
    'handshake_ip',
    'login_ip',
    'register_agent',
    'register_ip',
    'status_ip',
    'token_client',
  ])
  assert.deepEqual(config?.limits.get('login_ip'), { count: 5, perSeconds: 1 })
})

test('start refuses everything that is only fit for trying, each where it stands', (t) => {
  const { problems } = load(
    t,
    `version: 1
gateway:
  url: http://gw.example
  listen: { host: 0.0.0.0 }
  compat: { browser_binding: false }
login: { dev_user: wang }
agents:
  - { agent: "*", allow: { oa: [r] } }
  - { agent: "http://127.0.0.1:4000/.well-known/agent.json", allow: { oa: [r] } }
providers:
  oa: { url: http://x, auth: { kind: mock_oauth2 }, scopes: { r: [GET /] } }
  crm:
    url: http://x
    auth: { kind: oauth2, issuer: http://idp.example, client_id: c, client_auth: none }
    scopes: { r: [GET /] }
`,
    { mode: 'start' },
  )
  const expected = [
    /^f\.yaml:3:8 {2}gateway\.url: is plain http/m,
    /^f\.yaml:4:19 {2}gateway\.listen\.host: is not loopback, and nothing here ends TLS/m,
    /^f\.yaml:5:30 {2}gateway\.compat\.browser_binding: is off/m,
    /^f\.yaml:6:20 {2}login\.dev_user: signs in nobody/m,
    /^f\.yaml:8:14 {2}agents\[0\]\.agent: approves any agent at all/m,
    /^f\.yaml:9:14 {2}agents\[1\]\.agent: is plain http/m,
    /^f\.yaml:11:38 {2}providers\.oa\.auth\.kind: is a mock that always agrees/m,
    /^f\.yaml:14:35 {2}providers\.crm\.auth\.issuer: is plain http/m,
  ]
  for (const one of expected) assert.match(problems, one)
  assert.equal(problems.split('\n').length, expected.length)
  for (const line of problems.split('\n')) assert.match(line, /`start` refuses it {2}→ /)
})

test('start refuses an empty file for what it lacks', (t) => {
  const { problems } = load(t, 'version: 1\n', { mode: 'start' })
  assert.match(problems, /gateway\.url: is missing/)
  assert.match(problems, /login: is missing: people must sign in/)
})

test('[R114] start listens beyond loopback only where TLS ends here or in a named proxy', (t) => {
  const listening = (listen: string) =>
    load(t, twelveLines.replace('example }', `example, listen: ${listen} }`), { mode: 'start' })
      .problems
  assert.match(listening('{ host: 0.0.0.0 }'), /nothing here ends TLS/)
  assert.equal(listening('{ host: 0.0.0.0, trusted_proxies: [10.0.0.0/8] }'), '')
  assert.equal(listening('{ host: "::1" }'), '')
  assert.match(
    listening('{ host: 0.0.0.0, tls: { cert: idp, key: none } }'),
    /tls\.cert: is not a PEM file[^]*tls\.key: cannot be read: there is no such file/,
  )
})

test('dev takes no file at all, and lists what it permits', (t) => {
  const cwd = folder(t, {})
  const loaded = loadConfig({ mode: 'dev', env: {}, cwd, port: 7123 })
  assert.ok(loaded.ok)
  assert.equal(loaded.value.ath.baseUrl, 'http://127.0.0.1:7123')
  assert.deepEqual(loaded.value.ath.aliases, ['http://localhost:7123'])
  assert.deepEqual(loaded.value.login, { kind: 'dev', user: 'dev' })
  assert.equal(loaded.value.dataDir, join(cwd, '.sallyport'))
  assert.equal(loaded.value.providers.size, 0)
  assert.equal(loaded.value.devDefaults.length, 3)
})

test('what dev permits is exactly what start refuses, and loopback agents', (t) => {
  const text = `version: 1
gateway: { url: "http://127.0.0.1:7080", compat: { browser_binding: false } }
providers:
  oa: { url: http://x, auth: { kind: mock_oauth2 }, scopes: { r: [GET /] } }
`
  const dev = load(t, text).config
  const start = load(t, text, { mode: 'start' }).problems.split('\n')
  assert.equal(dev?.devDefaults.length, start.length + 1)
})

/** A change to the twelve lines → what the parts say about each other. */
const crossFaults: readonly (readonly [name: string, change: (text: string) => string, RegExp])[] =
  [
    [
      'a rule for a provider that is not there',
      (text) => text.replace('allow: { oa:', 'allow: { oaa:'),
      /f\.yaml:6:\d+ {2}agents\[0\]\.allow\.oaa: is not a provider of this file {2}→ did you mean "oa"\?/,
    ],
    [
      'a rule for a scope that is not there',
      (text) => text.replace('{ oa: [oa:read]', '{ oa: [oa:read, oa:raed]'),
      /agents\[0\]\.allow\.oa\[1\]: provider oa has no scope `oa:raed` {2}→ did you mean "oa:read"\?/,
    ],
    [
      'a provider without scopes',
      (text) =>
        text
          .replace('scopes:\n      oa:read: [GET /api/**]', 'scopes: {}')
          .replace('allow: { oa: [oa:read] }', 'decide: hold'),
      /providers\.oa\.scopes: has no scope, so nothing of it is reachable/,
    ],
    [
      'two rules for the same agents',
      (text) => text.replace(/( {2}- .*\n)/, '$1$1'),
      /agents\[1\]: is never reached: agents\[0\] matches the same agents first/,
    ],
    [
      'two rules of one name',
      (text) =>
        text.replace(
          /( {2}- .*\n)/,
          '$1  - { name: rule-1, domain: b.example, allow: { oa: [oa:read] } }\n',
        ),
      /agents\[1\]\.name: agents\[0\] has the same name `rule-1`/,
    ],
    [
      'providers that differ in capitals',
      (text) => text + text.slice(text.indexOf('  oa:\n')).replace('  oa:\n', '  OA:\n'),
      /f\.yaml:13:3 {2}providers\.OA: differs from provider oa only in its capitals/,
    ],
    [
      'no consent page where nobody else asks',
      (text) => text.replace('kind: none }', 'kind: none }\n    consent_page: false'),
      /consent_page: nobody would ask the user/,
    ],
    [
      'an upstream scope where there is no OAuth',
      (text) => text.replace('[GET /api/**]', '{ match: [GET /x], upstream: r }'),
      /scopes\.oa:read\.upstream: auth none has no scopes of its own/,
    ],
    [
      'a public URL with a path',
      (text) => text.replace('gw.corp.example', 'gw.corp.example/ath'),
      /gateway\.url: has a path {2}→ give the gateway a host of its own: https:\/\/gw\.corp\.example/,
    ],
    [
      'a CA that is not there',
      (text) => text.replace('kind: none }', 'kind: none }\n    ca: ./ca.pem'),
      /providers\.oa\.ca: cannot be read: there is no such file/,
    ],
  ]

for (const [name, change, expected] of crossFaults)
  test(`${name} is refused`, (t) => {
    const changed = change(twelveLines)
    assert.notEqual(changed, twelveLines)
    const { problems } = load(t, changed)
    assert.match(problems, expected)
    assert.equal(problems.split('\n').length, 1)
  })

test('a file that cannot be read says why, without a place in it', () => {
  const loaded = loadConfig({ mode: 'start', env: {}, cwd: '/', file: '/nowhere/f.yaml' })
  assert.ok(!loaded.ok)
  assert.equal(
    loaded.error.map(writeProblem).join(),
    '/nowhere/f.yaml  cannot be read: there is no such file  → name it with --config',
  )
})

test('all kinds of auth arrive as the gateway uses them', (t) => {
  const { config, problems } = load(
    t,
    `version: 1
providers:
  a:
    url: https://a.example/base
    name: Büro
    auth:
      kind: oauth2
      issuer: https://idp.example
      client_id: c
      client_secret: \${S}
      extra_scopes: [offline_access]
    consent_page: false
    scopes: { "a:read": { match: [GET /x], description: read it, upstream: a.read } }
  b: { url: https://b, auth: { kind: api_key, header: Authorization, prefix: "Bearer ", key: "\${S}" }, scopes: { r: [GET /] } }
  c: { url: https://c, auth: { kind: basic, username: u, password: "\${S}" }, scopes: { r: ["* /**"] } }
  d: { url: https://d, auth: { kind: cookie, login: { path: /login, fields: { user: u, pass: "\${S}" } } }, scopes: { r: [GET /] } }
  e: { url: https://e/x, auth: { kind: identity_header, agent_header: none }, scopes: { r: [GET /] }, timeouts: { idle: 0s }, max_request: 5GiB }
`,
    { env: { S: 'x' } },
  )
  assert.equal(problems, '')
  const a = config?.ath.providers.get('a')
  assert.equal(a?.displayName, 'Büro')
  assert.equal(a?.authMode, 'oauth2')
  assert.equal(a?.consentPage, false)
  assert.deepEqual(a?.upstreamScopes, { 'a:read': 'a.read' })
  assert.deepEqual(a?.scopes, [{ name: 'a:read', description: 'read it' }])
  const auth = (id: string) => config?.providers.get(id)?.auth
  assert.deepEqual(auth('a'), {
    kind: 'oauth2',
    issuer: 'https://idp.example',
    clientId: 'c',
    clientSecret: 'x',
    clientAuth: 'client_secret_basic',
    extraScopes: ['offline_access'],
    authorizationParameters: {},
  })
  assert.deepEqual(auth('b'), {
    kind: 'api_key',
    header: 'Authorization',
    prefix: 'Bearer ',
    key: 'x',
  })
  assert.deepEqual(auth('c'), { kind: 'basic', username: 'u', password: 'x' })
  assert.deepEqual(auth('d'), {
    kind: 'cookie',
    login: { method: 'POST', path: '/login', encoding: 'form', fields: { user: 'u', pass: 'x' } },
    expiredWhen: { status: [401] },
  })
  assert.deepEqual(auth('e'), {
    kind: 'identity_header',
    userHeader: 'X-Forwarded-User',
    agentHeader: '',
    scopesHeader: 'X-Forwarded-Scopes',
    assertionHeader: 'X-Forwarded-Assertion',
    audience: 'https://e/x',
  })
  assert.equal(config?.providers.get('e')?.timeouts.idleSeconds, 0)
  assert.equal(config?.providers.get('e')?.maxRequestBytes, 5 * 1024 ** 3)
})
