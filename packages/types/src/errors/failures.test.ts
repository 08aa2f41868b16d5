import assert from 'node:assert/strict'
import test from 'node:test'
import { hostileTextArbitrary } from '@sallyport/testing'
import fc from 'fast-check'
import { catalogue, type Face } from './catalogue.ts'
import type { Failure, Reason } from './failure.ts'
import { renderProblem } from './problem.ts'
import { publish } from './publish.ts'

/** What only the audit record may see. It stands wherever a failure carries private evidence. */
const secret = 'PRIVATE-EVIDENCE'

/** One failure of every reason; the compiler wants each new one here. `told` is what the caller may read. */
const samples: {
  readonly [R in Reason]: readonly [Failure & { readonly reason: R }, Face]
} = {
  request_malformed: [
    { reason: 'request_malformed', errors: [{ path: 'state', problem: 'told' }] },
    'request_invalid',
  ],
  body_over_limit: [{ reason: 'body_over_limit', limitBytes: 10 }, 'body_too_large'],
  headers_over_limit: [{ reason: 'headers_over_limit', limitBytes: 10 }, 'headers_too_large'],
  media_type_unknown: [{ reason: 'media_type_unknown', got: 'told' }, 'media_type'],
  method_unknown: [{ reason: 'method_unknown', allow: ['GET', 'POST'] }, 'method_not_allowed'],
  path_ambiguous: [{ reason: 'path_ambiguous', fault: 'told' }, 'path_refused'],
  route_unknown: [{ reason: 'route_unknown' }, 'not_found'],
  attestation: [
    {
      reason: 'attestation',
      fault: { kind: 'audience_differs', claim: 'aud', evidence: secret },
    },
    'attestation_invalid',
  ],
  client_unknown: [{ reason: 'client_unknown' }, 'agent_unknown'],
  client_secret_wrong: [{ reason: 'client_secret_wrong' }, 'client_secret_wrong'],
  registration_exists: [{ reason: 'registration_exists', clientId: 'ath_told' }, 'conflict'],
  agent_pending: [{ reason: 'agent_pending' }, 'agent_unapproved'],
  agent_denied: [{ reason: 'agent_denied' }, 'agent_unapproved'],
  agent_suspended: [{ reason: 'agent_suspended' }, 'agent_unapproved'],
  agent_approval_expired: [{ reason: 'agent_approval_expired' }, 'agent_unapproved'],
  redirect_not_registered: [
    { reason: 'redirect_not_registered', got: secret },
    'redirect_mismatch',
  ],
  provider_not_approved: [
    { reason: 'provider_not_approved', providerId: 'told' },
    'provider_not_approved',
  ],
  scope_not_approved_for_agent: [
    { reason: 'scope_not_approved_for_agent', scopes: ['told'], approved: ['told'] },
    'scope_not_approved',
  ],
  intersection_empty: [
    { reason: 'intersection_empty', approved: ['told'], consented: ['told'] },
    'scope_not_approved',
  ],
  handshake_unknown: [{ reason: 'handshake_unknown' }, 'handshake_not_found'],
  handshake_pending: [{ reason: 'handshake_pending' }, 'handshake_pending'],
  handshake_expired: [{ reason: 'handshake_expired' }, 'handshake_expired'],
  handshake_spent: [{ reason: 'handshake_spent' }, 'handshake_not_found'],
  handshake_of_other_client: [{ reason: 'handshake_of_other_client' }, 'handshake_not_found'],
  code_wrong: [{ reason: 'code_wrong' }, 'handshake_not_found'],
  code_expired: [{ reason: 'code_expired' }, 'handshake_expired'],
  user_denied: [{ reason: 'user_denied' }, 'user_denied'],
  handshake_message: [
    {
      reason: 'handshake_message',
      fault: { kind: 'signature_wrong', member: 'told', evidence: secret },
    },
    'handshake_proof',
  ],
  nine_step_unknown: [{ reason: 'nine_step_unknown' }, 'handshake_gone'],
  session_unknown: [{ reason: 'session_unknown' }, 'handshake_gone'],
  session_over: [{ reason: 'session_over' }, 'session_over'],
  agent_did_unknown: [
    { reason: 'agent_did_unknown', did: 'did:ath:told', thumbprint: 'told' },
    'did_unknown',
  ],
  consent_unknown: [{ reason: 'consent_unknown' }, 'confirmation_gone'],
  consent_of_other_user: [{ reason: 'consent_of_other_user' }, 'confirmation_forbidden'],
  confirmation_too_wide: [
    { reason: 'confirmation_too_wide', scopes: ['told'] },
    'scope_not_approved',
  ],
  confirmation_too_weak: [
    { reason: 'confirmation_too_weak', needs: 'passkey' },
    'confirmation_weak',
  ],
  user_key_unknown: [{ reason: 'user_key_unknown' }, 'user_key_unknown'],
  restricted: [
    { reason: 'restricted', fault: { kind: 'outside_network', rule: 'told' } },
    'restricted',
  ],
  upstream_oauth: [{ reason: 'upstream_oauth', step: secret, error: secret }, 'oauth_failed'],
  state_unknown: [{ reason: 'state_unknown' }, 'state_mismatch'],
  browser_not_bound: [{ reason: 'browser_not_bound' }, 'state_mismatch'],
  credentials_absent: [{ reason: 'credentials_absent' }, 'client_secret_wrong'],
  status_not_found: [{ reason: 'status_not_found' }, 'not_found'],
  token_absent: [{ reason: 'token_absent' }, 'token_missing'],
  token_malformed: [{ reason: 'token_malformed' }, 'token_invalid'],
  token_unknown: [{ reason: 'token_unknown' }, 'token_invalid'],
  token_expired: [{ reason: 'token_expired' }, 'token_expired'],
  token_revoked: [{ reason: 'token_revoked' }, 'token_revoked'],
  token_of_other_client: [{ reason: 'token_of_other_client' }, 'agent_mismatch'],
  agent_header_absent: [{ reason: 'agent_header_absent' }, 'agent_mismatch'],
  agent_header_differs: [{ reason: 'agent_header_differs', got: secret }, 'agent_mismatch'],
  provider_differs: [
    { reason: 'provider_differs', got: secret, bound: secret },
    'provider_mismatch',
  ],
  provider_unknown: [{ reason: 'provider_unknown', got: secret }, 'provider_not_approved'],
  scope_unmapped: [
    { reason: 'scope_unmapped', method: 'GET', path: '/told' },
    'scope_not_approved',
  ],
  scope_not_granted: [
    { reason: 'scope_not_granted', method: 'GET', path: '/told', anyOf: ['told'] },
    'scope_not_approved',
  ],
  step_up_required: [
    {
      reason: 'step_up_required',
      stepUp: {
        id: 'ath_su_1',
        confirmUrl: 'https://shop.example/ath/confirm/cns_1',
        expiresAt: 9,
      },
    },
    'step_up',
  ],
  step_up_pending: [
    {
      reason: 'step_up_pending',
      stepUp: {
        id: 'ath_su_1',
        confirmUrl: 'https://shop.example/ath/confirm/cns_1',
        expiresAt: 9,
      },
    },
    'step_up',
  ],
  rate_limited: [{ reason: 'rate_limited', limit: 'told', retryAfterSeconds: 2.2 }, 'rate_limited'],
  upstream_unreachable: [{ reason: 'upstream_unreachable', cause: secret }, 'upstream_down'],
  upstream_timeout: [
    { reason: 'upstream_timeout', after: 'headers', limitSeconds: 30 },
    'upstream_slow',
  ],
  upstream_credential: [{ reason: 'upstream_credential', cause: secret }, 'upstream_down'],
  upstream_protocol: [{ reason: 'upstream_protocol', cause: secret }, 'upstream_down'],
  caller_aborted: [{ reason: 'caller_aborted' }, 'internal'],
  dependency_down: [
    { reason: 'dependency_down', dependency: 'told', cause: secret },
    'unavailable',
  ],
  draining: [{ reason: 'draining' }, 'unavailable'],
  bug: [{ reason: 'bug', cause: new Error(secret) }, 'internal'],
}
const all: readonly (readonly [Failure, Face])[] = Object.values(samples)

for (const [failure, face] of all)
  test(`${failure.reason} shows the face ${face}, and none of its private evidence`, () => {
    assert.equal(publish(failure), face)
    const rendered = renderProblem(failure, 'rec_1')
    assert.equal(rendered.status, catalogue[face].status)
    assert.doesNotMatch(JSON.stringify(rendered), new RegExp(secret))
  })

test('every face is shown by some failure', () => {
  const shown = new Set(all.map(([failure]) => publish(failure)))
  for (const face of [
    'attestation_missing',
    'client_missing',
    'state_missing',
    'token_absent',
  ] as const)
    shown.add(publish({ reason: 'request_malformed', errors: [], face }))
  shown.add(publish({ reason: 'attestation', fault: { kind: 'document_unavailable' } }))
  // One for each face; all of them are in handshake-faults.test.ts.
  for (const kind of [
    'bare_nonce',
    'version_unsupported',
    'did_label_not_pinned',
    'credential_expired',
    'out_of_order',
    'confirmation_decided',
    'expired',
    'message_replayed',
    'message_undecryptable',
  ] as const)
    shown.add(publish({ reason: 'handshake_message', fault: { kind } }))
  assert.deepEqual([...shown].sort(), Object.keys(catalogue).sort())
})

test('[C17] an attestation of another agent is an identity mismatch, any other fault an invalid attestation', () => {
  const face = (kind: 'subject_differs' | 'signature_wrong' | 'document_unavailable') =>
    catalogue[publish({ reason: 'attestation', fault: { kind } })]
  assert.deepEqual(
    [face('subject_differs').code, face('subject_differs').status],
    ['AGENT_IDENTITY_MISMATCH', 403],
  )
  assert.deepEqual(
    [face('signature_wrong').code, face('signature_wrong').status],
    ['INVALID_ATTESTATION', 401],
  )
  const unreachable = face('document_unavailable')
  assert.deepEqual([unreachable.code, unreachable.status], ['INVALID_ATTESTATION', 401])
  assert.match(unreachable.fix, /serve agent\.json/)
})

test('[R113] pending, denied, suspended and expired agents are all AGENT_UNAPPROVED, told apart by reason', () => {
  for (const reason of [
    'agent_pending',
    'agent_denied',
    'agent_suspended',
    'agent_approval_expired',
  ] as const) {
    const { body } = renderProblem({ reason })
    assert.equal(body.code, 'AGENT_UNAPPROVED')
    assert.deepEqual(body.details, { reason })
  }
})

test('[C10] a handshake that waits for the user says so under SESSION_NOT_FOUND', () => {
  const { status, body } = renderProblem({ reason: 'handshake_pending' })
  assert.equal(status, 400)
  assert.equal(body.code, 'SESSION_NOT_FOUND')
  assert.equal(body.details?.['reason'], 'authorization_pending')
  assert.equal(body.retryable, true)
})

test('[R111] an error is code, message and details, with the members of RFC 9457 beside them', () => {
  assert.deepEqual(
    renderProblem({ reason: 'provider_not_approved', providerId: 'crm' }, 'rec_7').body,
    {
      code: 'PROVIDER_NOT_APPROVED',
      message: 'the agent is not approved for this provider',
      details: { provider_id: 'crm' },
      type: 'urn:ath:error:provider_not_approved',
      doc: 'docs/reference/errors.md#provider_not_approved',
      title: 'the agent is not approved for this provider',
      status: 403,
      fix: 'request a provider that the registration approved (`athx status`)',
      retryable: false,
      instance: 'rec_7',
    },
  )
})

test('errors are never cached', () => {
  for (const [failure] of all)
    assert.equal(renderProblem(failure).headers['cache-control'], 'no-store', failure.reason)
})

test('a missing token is challenged without an error, a wrong one with (RFC 6750 §3.1)', () => {
  const challenge = (failure: Failure) => renderProblem(failure).headers['www-authenticate']
  assert.equal(challenge({ reason: 'token_absent' }), 'Bearer realm="ath"')
  assert.equal(
    challenge({ reason: 'token_expired' }),
    'Bearer realm="ath", error="invalid_token", error_description="the access token has expired"',
  )
  assert.match(
    challenge({ reason: 'scope_not_granted', method: 'GET', path: '/', anyOf: ['a', 'b'] }) ?? '',
    /error="insufficient_scope".*, scope="a b"$/,
  )
  assert.equal(challenge({ reason: 'client_secret_wrong' }), undefined)
})

test('Retry-After is in whole seconds, at least one and at most a day', () => {
  const after = (retryAfterSeconds: number) =>
    renderProblem({ reason: 'rate_limited', limit: 'x', retryAfterSeconds }).headers['retry-after']
  assert.deepEqual([2.2, 60, 0, -5, Number.NaN, Number.POSITIVE_INFINITY].map(after), [
    '3',
    '60',
    '1',
    '1',
    '1',
    '86400',
  ])
})

const text = hostileTextArbitrary()

/** Failures of every reason that carries text, with any text in it. */
const hostileFailure: fc.Arbitrary<Failure> = fc.oneof(
  fc.record({ reason: fc.constant('media_type_unknown' as const), got: text }),
  fc.record({ reason: fc.constant('method_unknown' as const), allow: fc.array(text) }),
  fc.record({ reason: fc.constant('path_ambiguous' as const), fault: text }),
  fc.record({ reason: fc.constant('registration_exists' as const), clientId: text }),
  fc.record({ reason: fc.constant('provider_not_approved' as const), providerId: text }),
  fc.record({ reason: fc.constant('scope_unmapped' as const), method: text, path: text }),
  fc.record({
    reason: fc.constant('scope_not_granted' as const),
    method: text,
    path: text,
    anyOf: fc.array(text),
  }),
  fc.record({
    reason: fc.constant('rate_limited' as const),
    limit: text,
    retryAfterSeconds: fc.double(),
  }),
  fc.record({
    reason: fc.constant('dependency_down' as const),
    dependency: text,
    cause: text,
  }),
  fc.record({
    reason: fc.constant('agent_did_unknown' as const),
    did: text,
    thumbprint: text,
  }),
  fc.record({ reason: fc.constant('confirmation_too_wide' as const), scopes: fc.array(text) }),
  fc.record({
    reason: fc.constant('restricted' as const),
    fault: fc.record({ kind: fc.constant('outside_hours' as const), rule: text }),
  }),
  fc.record({
    reason: fc.constant('handshake_message' as const),
    fault: fc.record({ kind: fc.constant('signature_wrong' as const), member: text }),
  }),
)

test('no text, wherever it comes from, leaves its place in a header', () => {
  fc.assert(
    fc.property(hostileFailure, (failure) => {
      const { headers } = renderProblem(failure, 'rec_1')
      for (const [name, value] of Object.entries(headers))
        assert.match(value, /^[\x20-\x7e]*$/, name)
      // Outside of quoted strings a challenge holds only what we wrote: one scheme, and names we know.
      const challenge = headers['www-authenticate']?.replaceAll(/"[^"\\]*"/g, '""')
      if (challenge !== undefined)
        assert.match(
          challenge,
          /^Bearer realm=""(?:, error="", error_description=""(?:, scope="")?)?$/,
        )
      if (headers['allow'] !== undefined)
        assert.match(headers['allow'], /^(?:[A-Z]+(?:, [A-Z]+)*)?$/)
      if (headers['retry-after'] !== undefined) assert.match(headers['retry-after'], /^[1-9]\d*$/)
    }),
    { numRuns: 2000 },
  )
})

test('the body of an error is JSON that can be read back, whatever it names', () => {
  fc.assert(
    fc.property(hostileFailure, (failure) => {
      const { body } = renderProblem(failure, 'rec_1')
      assert.deepEqual(JSON.parse(JSON.stringify(body)).code, body.code)
    }),
  )
})
