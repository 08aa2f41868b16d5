import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admitToken, type BoundToken } from './admit-token.ts'

const token: BoundToken = {
  agentId: 'https://agent.example/.well-known/agent.json',
  providerId: 'oa',
  expiresAt: 1000,
}
const use = { now: 999, providerId: 'oa', agentHeader: token.agentId }

const reasonOf = (result: ReturnType<typeof admitToken>) => (result.ok ? 'ok' : result.error.reason)

test('[R92] a token that is neither expired nor revoked, at its provider, by its agent, is admitted', () => {
  assert.equal(reasonOf(admitToken(token, use)), 'ok')
})

test('[R92] a token is expired from the very second at which it expires', () => {
  assert.equal(reasonOf(admitToken(token, { ...use, now: 1000 })), 'token_expired')
})

test('[R92] a revoked token is called revoked, also when it has expired since', () => {
  const revoked = { ...token, revokedAt: 900 }
  assert.equal(reasonOf(admitToken(revoked, use)), 'token_revoked')
  assert.equal(reasonOf(admitToken(revoked, { ...use, now: 2000 })), 'token_revoked')
})

test('[R88] [R89] [R94] a token is refused at any other provider', () => {
  assert.equal(reasonOf(admitToken(token, { ...use, providerId: 'crm' })), 'provider_differs')
})

test('[R88] [R89] [R93] a token is refused from any other agent, and the id is compared exactly', () => {
  for (const agentHeader of [
    'https://thief.example/.well-known/agent.json',
    token.agentId.toUpperCase(),
    `${token.agentId} `,
    `${token.agentId}, ${token.agentId}`,
    '',
  ])
    assert.equal(reasonOf(admitToken(token, { ...use, agentHeader })), 'agent_header_differs')
})

test('[C11] a missing X-ATH-Agent-ID is refused', () => {
  assert.equal(
    reasonOf(admitToken(token, { ...use, agentHeader: undefined })),
    'agent_header_absent',
  )
})

test('[C11] [C16] the token is judged before the provider, and the provider before the agent', () => {
  const allWrong = { now: 2000, providerId: 'crm', agentHeader: undefined }
  assert.equal(reasonOf(admitToken({ ...token, revokedAt: 1 }, allWrong)), 'token_revoked')
  assert.equal(reasonOf(admitToken(token, allWrong)), 'token_expired')
  assert.equal(reasonOf(admitToken(token, { ...allWrong, now: 1 })), 'provider_differs')
  assert.equal(
    reasonOf(admitToken(token, { ...allWrong, now: 1, providerId: 'oa' })),
    'agent_header_absent',
  )
})

test('[U10] the agent of a session calls itself by its DID, by its agent id, or not at all, but by no other name', () => {
  const ofSession = { ...token, clientDid: 'did:ath:office' }
  for (const agentHeader of [undefined, 'did:ath:office', token.agentId])
    assert.equal(reasonOf(admitToken(ofSession, { ...use, agentHeader })), 'ok')
  for (const agentHeader of ['', 'did:ath:other', 'did:ath:office, did:ath:office'])
    assert.equal(reasonOf(admitToken(ofSession, { ...use, agentHeader })), 'agent_header_differs')
  assert.equal(
    reasonOf(admitToken(token, { ...use, agentHeader: 'did:ath:office' })),
    'agent_header_differs',
  )
})
