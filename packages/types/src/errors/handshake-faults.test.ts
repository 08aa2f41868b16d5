import assert from 'node:assert/strict'
import test from 'node:test'
import type { HandshakeFault } from '../nine-step/fault.ts'
import { catalogue, type Face } from './catalogue.ts'
import type { Failure } from './failure.ts'
import { renderProblem } from './problem.ts'
import { publish } from './publish.ts'

/** What only the audit record may see. */
const secret = 'PRIVATE-EVIDENCE'

/** The face of every fault of the nine-step handshake; the compiler wants each new one here. */
const handshakeFaces: Readonly<Record<HandshakeFault['kind'], Face>> = {
  tls_too_old: 'handshake_message',
  message_not_canonical: 'handshake_message',
  algorithm_unsupported: 'handshake_message',
  bare_nonce: 'handshake_message',
  nonce_malformed: 'handshake_message',
  did_malformed: 'handshake_message',
  key_malformed: 'handshake_message',
  key_share_malformed: 'handshake_message',
  key_exchange_unsupported: 'handshake_message',
  cipher_unsupported: 'handshake_message',
  message_malformed: 'handshake_message',
  message_encryption_not_agreed: 'handshake_message',
  version_unsupported: 'handshake_version',
  did_unresolved: 'handshake_proof',
  key_not_of_did: 'handshake_proof',
  signature_wrong: 'handshake_proof',
  timestamp_outside_window: 'handshake_proof',
  timestamp_decreasing: 'handshake_proof',
  nonce_replayed: 'handshake_proof',
  proof_missing: 'handshake_proof',
  proof_invalid: 'handshake_proof',
  attestation_key_differs: 'handshake_proof',
  did_label_not_pinned: 'did_unknown',
  credential_malformed: 'credential_invalid',
  credential_signature_wrong: 'credential_invalid',
  credential_key_unknown: 'credential_invalid',
  credential_expired: 'credential_invalid',
  credential_not_yet_valid: 'credential_invalid',
  credential_lifetime_too_long: 'credential_invalid',
  credential_audience_differs: 'credential_invalid',
  credential_of_other_client: 'credential_invalid',
  credential_key_differs: 'credential_invalid',
  credential_revoked: 'credential_invalid',
  credential_used: 'credential_invalid',
  out_of_order: 'handshake_order',
  confirmation_decided: 'confirmation_decided',
  expired: 'handshake_over',
  message_replayed: 'message_replayed',
  message_not_encrypted: 'message_unproven',
  message_target_differs: 'message_unproven',
  message_undecryptable: 'message_unproven',
}
for (const [kind, face] of Object.entries(handshakeFaces) as [HandshakeFault['kind'], Face][])
  test(`[U12] ${kind} shows the face ${face}, the reason by name, and none of its evidence`, () => {
    const fault = { kind, member: 'told', evidence: secret, nextSeq: 7 }
    const failure: Failure = { reason: 'handshake_message', fault }
    assert.equal(publish(failure), face)
    const { body, status } = renderProblem(failure)
    assert.equal(status, catalogue[face].status)
    assert.equal(body.details?.['reason'], kind)
    assert.equal(body.details?.['member'], 'told')
    assert.doesNotMatch(JSON.stringify(body), new RegExp(secret))
  })

test('[U12] [D18] refusals of the nine-step handshake have the statuses that its client acts on', () => {
  const statusOf = (kind: HandshakeFault['kind']) =>
    renderProblem({ reason: 'handshake_message', fault: { kind } }).status
  assert.deepEqual(
    (['nonce_malformed', 'signature_wrong', 'credential_expired', 'expired'] as const).map(
      statusOf,
    ),
    [400, 401, 401, 408],
  )
  assert.equal(statusOf('out_of_order'), 409)
  assert.equal(statusOf('did_label_not_pinned'), 403)
  assert.equal(renderProblem({ reason: 'user_denied' }).status, 403)
  assert.equal(renderProblem({ reason: 'nine_step_unknown' }).status, 404)
  const limited = renderProblem({ reason: 'rate_limited', limit: 'x', retryAfterSeconds: 2 })
  assert.deepEqual([limited.status, limited.headers['retry-after']], [429, '2'])
})

test('[U11] who offers no version that is spoken here learns which is', () => {
  const { status, body } = renderProblem({
    reason: 'handshake_message',
    fault: { kind: 'version_unsupported', evidence: '9.9' },
  })
  assert.deepEqual([status, body.code], [400, 'UNSUPPORTED_VERSION'])
  assert.deepEqual(body.details, { reason: 'version_unsupported', supported: ['0.1'] })
})

test('[U1] who would have us sign a bare nonce learns which capability is missing', () => {
  const { body } = renderProblem({ reason: 'handshake_message', fault: { kind: 'bare_nonce' } })
  assert.deepEqual(body.details, { reason: 'bare_nonce', required: 'ATH-HS-JWS' })
})

test('[U10] who sent a number again learns which one is free', () => {
  const { status, body } = renderProblem({
    reason: 'handshake_message',
    fault: { kind: 'message_replayed', nextSeq: 70 },
  })
  assert.equal(status, 409)
  assert.deepEqual(body.details, { reason: 'message_replayed', next_seq: 70 })
})

test('[U13] a restriction says which it is and what it allows', () => {
  for (const kind of [
    'outside_network',
    'outside_hours',
    'amount_over_limit',
    'amount_unreadable',
  ] as const) {
    const { status, body } = renderProblem({
      reason: 'restricted',
      fault: { kind, rule: 'access_time 9:00-18:00 UTC' },
    })
    assert.deepEqual([status, body.code], [403, 'SCOPE_NOT_APPROVED'])
    assert.deepEqual(body.details, { reason: kind, rule: 'access_time 9:00-18:00 UTC' })
  }
})

test('[U5] an agent without approval learns its own DID and thumbprint, to tell the operator', () => {
  const { status, body } = renderProblem({
    reason: 'agent_did_unknown',
    did: 'did:ath:a',
    thumbprint: 't',
  })
  assert.deepEqual([status, body.code], [403, 'AGENT_NOT_REGISTERED'])
  assert.deepEqual(body.details, {
    reason: 'agent_did_unknown',
    did: 'did:ath:a',
    thumbprint: 't',
  })
})

test('where one public error stands for several reasons, the fix is that of the reason', () => {
  const fixFor = (kind: HandshakeFault['kind']) =>
    renderProblem({ reason: 'handshake_message', fault: { kind } }).body.fix
  assert.match(fixFor('timestamp_outside_window'), /^set the clock: it is more than 300 s/)
  assert.match(fixFor('credential_expired'), /its time is over/)
  assert.match(fixFor('credential_of_other_client'), /another agent/)
  assert.equal(fixFor('credential_signature_wrong'), catalogue.credential_invalid.fix)
  const fault = { kind: 'algorithm_unsupported', member: 'ATH-ENC' } as const
  const { body } = renderProblem({ reason: 'handshake_message', fault })
  assert.match(body.fix, /--encrypted/)
  const suspended: Failure = { reason: 'agent_suspended' }
  assert.match(renderProblem(suspended).body.fix, /agents resume/)
})
