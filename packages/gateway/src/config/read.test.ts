import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '@ath-protocol/types'
import { writeProblem } from './problem.ts'
import { readConfigText } from './read.ts'

const sources = {
  env: { SECRET: 'hunter2', PORT: '8080', BAD_PORT: 'hunter2', ON: 'true' },
  readFile: (path: string) => (path === 'secret' ? ok('hunter2\n') : fail('there is no such file')),
}

function problemsOf(text: string): readonly string[] {
  const read = readConfigText(text, 'f.yaml', sources)
  return read.ok ? [] : read.error.map(writeProblem)
}

const provider = (lines: string) =>
  `version: 1\nproviders:\n  oa:\n${lines
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')}\n`

const good = 'url: http://10.0.0.1\nauth: { kind: none }\nscopes: { oa:read: [GET /api/**] }'

/** What is written → what is said about it, place included. */
const cases: readonly (readonly [name: string, text: string, ...problems: RegExp[]])[] = [
  [
    'no version',
    'gateway: {}\n',
    /f\.yaml:1:1 {2}version: is not a known version {2}→ write `version: 1`/,
  ],
  ['an empty file', '', /version: is not a known version/],
  ['another version', 'version: 2\n', /f\.yaml:1:10 {2}version: is not a known version \(`2`\)/],
  ['a list at the top', '- version: 1\n', /is not a mapping/],
  [
    'an unknown key with a near one',
    'version: 1\ngatway: {}\n',
    /f\.yaml:2:1 {2}gatway: is not a known key {2}→ did you mean "gateway"\?/,
  ],
  [
    'an unknown key deep below',
    'version: 1\ngateway:\n  listen:\n    prot: 1\n',
    /f\.yaml:4:5 {2}gateway\.listen\.prot: is not a known key {2}→ did you mean "port"\?/,
  ],
  [
    'an unknown key like nothing',
    'version: 1\naudit: { zzzzzz: 1 }\n',
    /audit\.zzzzzz: is not a known key {2}→ known here: durability, segment/,
  ],
  [
    'a key given twice',
    'version: 1\naudit: {}\naudit: {}\n',
    /f\.yaml:3:1 {2}audit: is given twice; first in line 2 {2}→ keep one/,
  ],
  [
    'a duration without a unit',
    'version: 1\ngateway: { token_lifetime: 30 }\n',
    /f\.yaml:2:28 {2}gateway\.token_lifetime: is not a duration \(`30`\) {2}→ write a number and a unit/,
  ],
  [
    'a token lifetime over an hour',
    'version: 1\ngateway: { token_lifetime: 2h }\n',
    /is too much \(`2h`\) {2}→ between 1m and 1h/,
  ],
  [
    'a rate of another shape',
    'version: 1\nlimits: { register_ip: 5/min }\n',
    /limits\.register_ip: is not a rate \(`5\/min`\)/,
  ],
  [
    'a size in other units',
    'version: 1\naudit: { segment: 64MB }\n',
    /audit\.segment: is not a size \(`64MB`\) {2}→ .*64KiB/,
  ],
  [
    'a choice that is none',
    'version: 1\naudit: { durability: alwasy }\n',
    /audit\.durability: `alwasy` is not a known value {2}→ did you mean "always"\?/,
  ],
  [
    'a truth value in words',
    'version: 1\ngateway: { compat: { browser_binding: off } }\n',
    /browser_binding: is not true or false \(`off`\) {2}→ write true or false/,
  ],
  [
    'a network that is none',
    'version: 1\nidentity_documents: { allow_networks: [10.0.0.0] }\n',
    /allow_networks\[0\]: is not a network \(`10\.0\.0\.0`\) {2}→ write CIDR/,
  ],
  [
    'a URL without a scheme',
    provider(good.replace('http://', '')),
    /f\.yaml:4:10 {2}providers\.oa\.url: is not an http\(s\) URL/,
  ],
  [
    'a URL with credentials',
    provider(good.replace('http://', 'http://svc:hunter2@')),
    /providers\.oa\.url: holds a user name or password/,
  ],
  [
    'an unknown kind of auth',
    provider(good.replace('none', 'apikey')),
    /f\.yaml:5:19 {2}providers\.oa\.auth\.kind: `apikey` is not a known kind {2}→ did you mean "api_key"\?/,
  ],
  [
    'auth without a kind',
    provider(good.replace('{ kind: none }', '{}')),
    /providers\.oa\.auth\.kind: is missing {2}→ one of oauth2/,
  ],
  [
    'OAuth without a server',
    provider(good.replace('kind: none', 'kind: oauth2, client_id: x, client_auth: none')),
    /does not say where the OAuth server is/,
  ],
  [
    'OAuth without a secret',
    provider(good.replace('kind: none', 'kind: oauth2, client_id: x, issuer: "https://i"')),
    /auth\.client_secret: is missing/,
  ],
  [
    'a header that would smuggle another',
    provider(good.replace('kind: none', 'kind: api_key, key: "a\\r\\nX: y"')),
    /auth\.key: holds a line break/,
  ],
  [
    'a rule in lower case',
    provider(good.replace('GET', 'get')),
    /f\.yaml:6:25 {2}providers\.oa\.scopes\.oa:read\[0\]: is not a rule \(`get \/api\/\*\*`\) {2}→ did you mean "GET \/api\/\*\*"\?/,
  ],
  [
    'a rule with the parts swapped',
    provider(good.replace('GET /api/**', '/api/** GET')),
    /did you mean "GET \/api\/\*\*"\?/,
  ],
  [
    'a rule with a query',
    provider(good.replace('/api/**', '/api?x=1')),
    /a pattern holds plain path segments/,
  ],
  [
    'a rule for a method that does not exist',
    provider(good.replace('GET', 'GTE')),
    /names a method that no HTTP server knows \(`GTE \/api\/\*\*`\) {2}→ did you mean "GET"\?/,
  ],
  ['a rule for ANY method', provider(good.replace('GET', 'ANY')), /did you mean "\*"\?/],
  [
    'a rule that begins with a star, unquoted',
    provider(good.replace('GET /api', '* /api')),
    /plain text may not begin with `\*` {2}→ put it in quotes/,
  ],
  [
    'a scope without rules',
    provider(good.replace('[GET /api/**]', '[]')),
    /oa:read: has no rules, so it opens nothing/,
  ],
  [
    'a scope whose rules are one text',
    provider(good.replace('[GET /api/**]', 'GET /api/**')),
    /oa:read: is not a list {2}→ write \[one, two\]/,
  ],
  [
    'a scope with a typo inside',
    provider(good.replace('[GET /api/**]', '{ match: [GET /x], descripton: y }')),
    /oa:read\.descripton: is not a known key {2}→ did you mean "description"\?/,
  ],
  [
    'a provider id that no URL takes',
    `version: 1\nproviders:\n  "o,a": { url: http://x, auth: { kind: none }, scopes: { r: [GET /] } }\n`,
    /providers\["o,a"\]: this name does not fit: letters, digits/,
  ],
  [
    'an agent rule for a beginning of a host',
    'version: 1\nagents: [{ agent: "https://corp.example*", decide: hold }]\n',
    /agents\[0\]\.agent: does not name a whole host \(`https:\/\/corp\.example\*`\)/,
  ],
  [
    'an agent rule with a star in the middle',
    'version: 1\nagents: [{ agent: "https://*.corp.example/*", decide: hold }]\n',
    /has a `\*` before its end .*→ put `\*` last, or use domain/,
  ],
  [
    'an agent rule for no agent id',
    'version: 1\nagents: [{ agent: "https://corp.example/agent", decide: hold }]\n',
    /is not an agent id: path does not end in \/\.well-known\/agent\.json/,
  ],
  [
    'an agent rule that trusts what the agent says',
    'version: 1\nagents: [{ developer: corp, allow: { oa: [r] } }]\n',
    /agents\[0\]\.developer: is only what the agent says about itself/,
  ],
  [
    'an agent rule that matches and decides nothing',
    'version: 1\nagents: [{}]\n',
    /agents\[0\]: matches no agent/,
    /agents\[0\]: decides nothing/,
  ],
  [
    'an agent rule that holds and allows',
    'version: 1\nagents: [{ domain: a.example, decide: hold, allow: { oa: [r] } }]\n',
    /agents\[0\]\.allow: has no effect under decide: hold/,
  ],
  [
    'half a log-in',
    'version: 1\nlogin: { issuer: "https://i", client_idd: x, client_secret: y }\n',
    /login\.client_id: is missing/,
    /login\.client_idd: is not a known key {2}→ did you mean "client_id"\?/,
  ],
  [
    'a variable that is not set',
    'version: 1\ngateway:\n  url: https://${NOPE}\n',
    /f\.yaml:3:16 {2}gateway\.url: environment variable `NOPE` is not set {2}→ set it, or give a default/,
  ],
  [
    'a secret file that is not there',
    'version: 1\nlogin: { issuer: "https://i", client_id: x, client_secret: "${file:nope}" }\n',
    /f\.yaml:2:61 {2}login\.client_secret: file `nope` cannot be read: there is no such file/,
  ],
  [
    'a reference in a flow mapping without quotes',
    'version: 1\nlogin: { issuer: "https://i", client_id: x, client_secret: ${SECRET} }\n',
    /f\.yaml:2:\d+ {2}`\$\{…\}` stands unquoted inside \{ \} or \[ \] {2}→ write "\$\{…\}" in quotes/,
  ],
  ['a tab', 'version: 1\ngateway:\n\turl: x\n', /f\.yaml:3:1 {2}a tab indents here/],
  ['an open quote', 'version: 1\nagents: "x\n', /a quote, bracket, comma or colon is missing/],
  [
    'a line that is indented too deep',
    'version: 1\nproviders:\n  oa:\n    url: http://10.0.0.1\n     auth: { kind: none }\n',
    /f\.yaml:4:10 {2}the line below is indented deeper.* {2}→ align the two lines/,
  ],
  [
    'a value with a colon',
    'version: 1\nlogin: client: sallyport\n',
    /f\.yaml:2:8 {2}two mappings meet in one line {2}→ quote a value/,
  ],
  ['an open bracket', 'version: 1\nagents: [\n', /f\.yaml:3:1 {2}the indentation does not fit/],
  ['an alias', 'version: &v 1\ngateway: *v\n', /anchor or tag/, /is a YAML alias/],
  ['a tag', 'version: !!js/function "x"\n', /anchor or tag/],
  ['two documents', 'version: 1\n---\nversion: 1\n', /a second document begins/],
  [
    'a null where a mapping belongs',
    'version: 1\ngateway:\n',
    /gateway: is empty {2}→ write indented/,
  ],
]

for (const [name, text, ...expected] of cases)
  test(`${name} is refused where it stands, with what to write instead`, () => {
    const problems = problemsOf(text).join('\n')
    for (const one of expected) assert.match(problems, one)
    assert.match(problems, /^f\.yaml:\d+:\d+ {2}/)
  })

test('all mistakes are reported at once, in the order of the file', () => {
  const problems = problemsOf(
    'version: 1\ngatway: {}\ngateway: { token_lifetime: 1x }\naudit: { durability: no, segmnt: 1 }\n',
  )
  assert.deepEqual(
    problems.map((line) => line.split(' ')[0]),
    ['f.yaml:2:1', 'f.yaml:3:28', 'f.yaml:4:22', 'f.yaml:4:26'],
  )
})

test('no message holds a secret, wherever the secret stands', () => {
  const texts = [
    provider(good.replace('kind: none', 'kind: basic, username: u, pasword: hunter2')),
    provider(good.replace('kind: none', 'kind: bsic, username: u, password: hunter2')),
    provider(good.replace('kind: none', 'kind: api_key, key: [hunter2]')),
    provider(good.replace('kind: none', 'kind: api_key, key: "hunter2\\n"')),
    provider(good.replace('kind: none', 'kind: basic, username: u, password: *hunter2')),
    provider(good.replace('kind: none', 'kind: basic, username: u, password: !hunter2 x')),
    provider(good.replace('kind: none', 'kind: basic, username: u, password: "hunter2')),
    provider(good.replace('http://', 'http://svc:hunter2@')).replace('version: 1', 'version: 3'),
    'version: 1\ngateway: { listen: { port: "${BAD_PORT}" } }\n',
    'version: 1\ngateway: { token_lifetime: "${SECRET}", unmatched_agents: "${file:secret}" }\n',
    'version: 1\npasswords: { db: hunter2 }\n',
    'version: 1\nlogin: { client_secret: hunter2 }\n',
    'version: 1\nlogin: hunter2\n',
    'version: 1\naudit: { durability: "${SECRET}" }\n',
  ]
  for (const text of texts) {
    const problems = problemsOf(text).join('\n')
    assert.notEqual(problems, '', text)
    assert.doesNotMatch(problems, /hunter2/, text)
  }
})

test('a number and a truth value may come from the environment', () => {
  const read = readConfigText(
    'version: 1\ngateway: { listen: { port: "${PORT}" }, compat: { legacy_token_audience: "${ON}" } }\n',
    'f.yaml',
    sources,
  )
  assert.ok(read.ok)
  assert.equal(read.value.file.gateway.listen.port, 8080)
  assert.equal(read.value.file.gateway.compat.legacy_token_audience, true)
})

test('a number in quotes is still a text', () => {
  assert.match(
    problemsOf('version: 1\ngateway: { listen: { port: "80" } }\n').join(),
    /whole number/,
  )
})
