import assert from 'node:assert/strict'
import test from 'node:test'
import { checkAgentId, isLoopbackHost } from './agent-id.ts'

const production = { allowLoopbackHttp: false }
const development = { allowLoopbackHttp: true }

const taken = [
  'https://travel.agents.example.com/.well-known/agent.json',
  'https://agents.example.com/travel/.well-known/agent.json',
  'https://agents.example.com:8443/.well-known/agent.json',
  'https://xn--fsq.example/.well-known/agent.json',
  'https://a.example/r%C3%A9sum%C3%A9/.well-known/agent.json',
]
for (const agentId of taken)
  test(`[R17] ${agentId} is an agent id`, () => {
    const checked = checkAgentId(agentId, production)
    assert.ok(checked.ok)
    assert.equal(checked.value.href, agentId)
  })

const refused: readonly (readonly [string, string])[] = [
  ['', 'not an absolute URL'],
  ['travel.agents.example.com', 'not an absolute URL'],
  ['/.well-known/agent.json', 'not an absolute URL'],
  [`https://a.example/${'x'.repeat(2048)}/.well-known/agent.json`, 'not an absolute URL'],
  ['HTTPS://a.example/.well-known/agent.json', 'not in canonical form'],
  ['https://A.example/.well-known/agent.json', 'not in canonical form'],
  ['https://a.example:443/.well-known/agent.json', 'not in canonical form'],
  ['https://a.example/x/../.well-known/agent.json', 'not in canonical form'],
  ['https://a.example/%2e%2e/.well-known/agent.json', 'not in canonical form'],
  [' https://a.example/.well-known/agent.json', 'not in canonical form'],
  ['https://a.example/.well-known/agent.json\n', 'not in canonical form'],
  ['https://é.example/.well-known/agent.json', 'not in canonical form'],
  ['https://0x7f000001/.well-known/agent.json', 'not in canonical form'],
  ['https:\\\\a.example\\.well-known\\agent.json', 'not in canonical form'],
  ['https://a.example./.well-known/agent.json', 'host ends in a dot'],
  ['https://user@a.example/.well-known/agent.json', 'has credentials'],
  ['https://user:pw@a.example/.well-known/agent.json', 'has credentials'],
  ['https://a.example/.well-known/agent.json?a=1', 'has query or fragment'],
  ['https://a.example/.well-known/agent.json?', 'has query or fragment'],
  ['https://a.example/.well-known/agent.json#a', 'has query or fragment'],
  ['https://a.example/.well-known/agent.json#', 'has query or fragment'],
  ['https://a.example/', 'path does not end in /.well-known/agent.json'],
  ['https://a.example/.well-known/agent.jsonx', 'path does not end in /.well-known/agent.json'],
  ['https://a.example/x.well-known/agent.json', 'path does not end in /.well-known/agent.json'],
  ['https://a.example/x/..%2fy/.well-known/agent.json', 'path can be read in two ways'],
  ['https://a.example/x/..%5Cy/.well-known/agent.json', 'path can be read in two ways'],
  ['https://a.example/x/..%252fy/.well-known/agent.json', 'path can be read in two ways'],
  ['https://a.example/x/..;/y/.well-known/agent.json', 'path can be read in two ways'],
  ['https://a.example//.well-known/agent.json', 'path can be read in two ways'],
  ['https://a.example/x%00/.well-known/agent.json', 'path can be read in two ways'],
  ['http://a.example/.well-known/agent.json', 'not https'],
  ['http://127.0.0.1:4000/.well-known/agent.json', 'not https'],
  ['ftp://a.example/.well-known/agent.json', 'not https'],
]
for (const [agentId, evidence] of refused)
  test(`[R17] ${JSON.stringify(agentId.slice(0, 60))} is none: ${evidence}`, () => {
    const checked = checkAgentId(agentId, production)
    assert.deepEqual(checked, {
      ok: false,
      error: { kind: 'agent_id_invalid', claim: 'sub', evidence },
    })
  })

test('in development, and only then, http is taken on loopback hosts, and only there', () => {
  for (const host of ['127.0.0.1:41003', '127.9.9.9', 'localhost:3000', '[::1]']) {
    const agentId = `http://${host}/athx/.well-known/agent.json`
    assert.equal(checkAgentId(agentId, development).ok, true, agentId)
    assert.equal(checkAgentId(agentId, production).ok, false, agentId)
  }
  for (const host of ['10.0.0.1', 'localhost.example', '127.0.0.1.example', '169.254.169.254'])
    assert.equal(checkAgentId(`http://${host}/.well-known/agent.json`, development).ok, false, host)
})

test('names that only look like loopback are not', () => {
  for (const host of ['127.0.0.1.', 'xlocalhost', '127.0.0.1.nip.example', '::1', '128.0.0.1'])
    assert.equal(isLoopbackHost(host), false, host)
})
