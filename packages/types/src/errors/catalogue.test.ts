import assert from 'node:assert/strict'
import test from 'node:test'
import { athCodes, catalogue, extensionCodes, type Row } from './catalogue.ts'

const rows = Object.entries<Row>(catalogue)

/** The status of each code as the protocol lists them. */
const statuses: Readonly<Record<(typeof athCodes)[number], number>> = {
  INVALID_ATTESTATION: 401,
  AGENT_NOT_REGISTERED: 403,
  AGENT_UNAPPROVED: 403,
  PROVIDER_NOT_APPROVED: 403,
  SCOPE_NOT_APPROVED: 403,
  SESSION_NOT_FOUND: 400,
  SESSION_EXPIRED: 400,
  STATE_MISMATCH: 400,
  TOKEN_INVALID: 401,
  TOKEN_EXPIRED: 401,
  TOKEN_REVOKED: 401,
  AGENT_IDENTITY_MISMATCH: 403,
  PROVIDER_MISMATCH: 403,
  USER_DENIED: 403,
  OAUTH_ERROR: 502,
  INTERNAL_ERROR: 500,
}

test('[R111] the closed set of codes has 16 members, and ours are outside of it', () => {
  assert.deepEqual([...athCodes].sort(), Object.keys(statuses).sort())
  assert.equal(athCodes.length, 16)
  for (const code of extensionCodes) assert.ok(!(athCodes as readonly string[]).includes(code))
})

for (const code of athCodes)
  test(`[R112] ${code} has a row with status ${statuses[code]}`, () => {
    assert.ok(rows.some(([, row]) => row.code === code && row.status === statuses[code]))
  })

test('[R112] [C15] another status than the protocol lists only where peers rely on it, and the row says which', () => {
  const others = rows.filter(
    ([, row]) => row.code in statuses && row.status !== statuses[row.code as keyof typeof statuses],
  )
  assert.deepEqual(
    others.map(([face, row]) => `${face} ${row.status}`),
    [
      'attestation_missing 400',
      'redirect_mismatch 400',
      'client_missing 400',
      'client_secret_wrong 401',
      'token_absent 400',
      'handshake_gone 404',
      'handshake_over 408',
    ],
  )
  // The nine-step handshake has statuses of its own.
  for (const [face, row] of others) assert.match(row.source, /C1[5-8]|U12/, face)
})

test('every extension code has a row', () => {
  for (const code of extensionCodes)
    assert.ok(
      rows.some(([, row]) => row.code === code),
      code,
    )
})

for (const [face, row] of rows)
  test(`${face}: the sentence is lower case without full stop, the fix and the source are there`, () => {
    assert.doesNotMatch(row.text, /^[A-Z]|\.$|\n/)
    assert.ok(row.text.length > 0 && row.text.length <= 100)
    assert.ok(row.fix.length > 0)
    assert.doesNotMatch(row.fix, /\.$|\n/)
    assert.match(row.source, /^(?:[RCDU]\d+|RFC \d+)/)
    assert.ok(Object.isFrozen(row))
  })

test('sentences fit into a challenge as they are (RFC 6750 §3)', () => {
  for (const [face, row] of rows) {
    assert.match(row.text, /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/, face)
    assert.match(row.oauth, /^[a-z_]+$/, face)
  }
})

test('a challenge goes with the token: 401 of the token codes and of its user (RFC 9470), and 403 of its scopes only', () => {
  const challenged = rows.filter(([, row]) => row.challenge).map(([face]) => face)
  assert.deepEqual(challenged.sort(), [
    'scope_not_approved',
    'step_up',
    'token_expired',
    'token_invalid',
    'token_missing',
    'token_revoked',
  ])
})
