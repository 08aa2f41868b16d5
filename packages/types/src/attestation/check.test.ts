import assert from 'node:assert/strict'
import test from 'node:test'
import { type AttestationExpectation, checkClaims } from './check.ts'
import type { AttestationFault } from './fault.ts'
import type { AttestationClaims } from './parse.ts'

const now = 1_795_305_600
const agentId = 'https://travel.agents.example.com/.well-known/agent.json'
const base = 'https://gateway.example.com'

const claims: AttestationClaims = {
  iss: agentId,
  sub: agentId,
  aud: base,
  iat: now,
  exp: now + 300,
  jti: 'once',
}
const expectation: AttestationExpectation = { audiences: [base, `${base}/`], now }

interface Case {
  readonly name: string
  readonly claims?: Partial<AttestationClaims>
  readonly expect?: Partial<AttestationExpectation>
  readonly fault?: AttestationFault['kind']
}

const cases: readonly Case[] = [
  { name: 'a fresh attestation for us passes' },
  { name: '[C1] iss may be the origin of sub', claims: { iss: new URL(agentId).origin } },
  {
    name: '[C1] iss of another domain is refused',
    claims: { iss: 'https://evil.example' },
    fault: 'issuer_differs',
  },
  {
    name: '[C1] iss of another agent on the same domain is refused',
    claims: { iss: 'https://travel.agents.example.com/other/.well-known/agent.json' },
    fault: 'issuer_differs',
  },
  {
    name: '[C1] iss as the bare host is refused',
    claims: { iss: 'travel.agents.example.com' },
    fault: 'issuer_differs',
  },
  {
    name: '[R30] exp in the past is refused',
    claims: { iat: now - 200, exp: now - 1 },
    fault: 'expired',
  },
  {
    name: '[R30] exp equal to now is refused',
    claims: { iat: now - 200, exp: now },
    fault: 'expired',
  },
  { name: '[R30] exp one second ahead passes', claims: { iat: now - 200, exp: now + 1 } },
  { name: '[R32] [C6] iat 300 s old passes', claims: { iat: now - 300 } },
  { name: '[R32] [C6] iat 300 s ahead passes', claims: { iat: now + 300, exp: now + 600 } },
  {
    name: '[R32] [C6] iat 301 s old is refused',
    claims: { iat: now - 301 },
    fault: 'issued_outside_window',
  },
  {
    name: '[R32] [C6] iat 301 s ahead is refused',
    claims: { iat: now + 301, exp: now + 600 },
    fault: 'issued_outside_window',
  },
  {
    name: '[R32] the fraction of a second counts',
    claims: { iat: now - 300 },
    expect: { now: now + 0.5 },
    fault: 'issued_outside_window',
  },
  {
    name: '[R35] [C6] an hour, as peers ask for, passes',
    claims: { exp: now + 3600 },
  },
  { name: '[R35] [C6] an hour and a minute passes', claims: { exp: now + 3660 } },
  {
    name: '[R35] [C6] a second more is refused',
    claims: { exp: now + 3661 },
    fault: 'lifetime_too_long',
  },
  {
    name: '[R31] the audience of another gateway is refused',
    claims: { aud: 'https://other.example.com' },
    fault: 'audience_differs',
  },
  { name: '[R31] any one of our audiences passes', claims: { aud: `${base}/` } },
  {
    name: '[R31] an audience that starts like ours is refused',
    claims: { aud: `${base}.evil.example` },
    fault: 'audience_differs',
  },
  {
    name: '[R31] with no audience configured nothing passes',
    expect: { audiences: [] },
    fault: 'audience_differs',
  },
  {
    name: '[R37] [C5] at the token endpoint the base URL is no audience',
    expect: { audiences: [`${base}/ath/token`] },
    fault: 'audience_differs',
  },
  { name: '[R36] sub of the registered agent passes', expect: { agentId } },
  {
    name: '[R36] [C17] sub of another agent is refused',
    expect: { agentId: 'https://other.example/.well-known/agent.json' },
    fault: 'subject_differs',
  },
  {
    name: 'sub that is no URL is refused',
    claims: { sub: 'me', iss: 'me' },
    fault: 'agent_id_invalid',
  },
  {
    name: 'time comes first: a bad attestation of any kind that is stale is stale',
    claims: { iat: now - 9000, exp: now - 8000, aud: 'x', iss: 'y' },
    fault: 'issued_outside_window',
  },
]

for (const { name, claims: changes, expect, fault } of cases)
  test(name, () => {
    const checked = checkClaims({ ...claims, ...changes }, { ...expectation, ...expect })
    assert.equal(checked.ok ? undefined : checked.error.kind, fault)
  })
