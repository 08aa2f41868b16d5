import { by, type Entry, numbered, type Row, unseen } from './row.ts'

/** What deployed clients send and servers answer, where the text leaves it open or says two things. */
const peers: readonly Entry[] = [
  [
    'peer',
    '`iss` is the agent id or its origin; the key always comes from `sub`',
    by('attestation-issuer'),
  ],
  ['peer', '`typ` is absent or `JWT` in any case', by('attestation-type')],
  [
    'peer',
    '`kid` is ignored for a single key; JWK, PEM and JWK as text are taken',
    by('document-key-forms'),
  ],
  [
    'peer',
    'At registration and authorization: base URL, with slash, or the endpoint, under every alias',
    by('attestation-audience-forms'),
  ],
  ['peer', 'At the token endpoint: that URL only', by('token-audience')],
  [
    'peer',
    'Lifetime at most 3660 s, `iat` ±300 s; `jti` recorded after the signature',
    by('attestation-limits'),
  ],
  ['peer', 'Our own callback as redirect URI means none', by('registration-own-callback')],
  [
    'peer',
    'The callback without state shows a page; agents get their state back',
    by('callback-plain'),
  ],
  [
    'peer',
    'Any code does when none was delivered; a delivered one is required',
    by('handshake-code'),
  ],
  [
    'peer',
    'Pending, denied, expired and failed handshakes each answer in their own way',
    by('handshake-ends'),
  ],
  ['peer', 'A missing `X-ATH-Agent-ID` is 403, after token and provider', by('call-agent-header')],
  ['peer', 'A user log-in is never required on the ATH endpoints', by('authorize-without-login')],
  [
    'peer',
    'A second registration is CONFLICT 409, after a valid attestation only',
    by('registration-duplicate-proven'),
  ],
  ['peer', 'Token and revocation take JSON and forms', by('token-form')],
  [
    'peer',
    'Malformed input is 400 with the code of the first missing field',
    by('malformed-input'),
  ],
  ['peer', 'The order of checks is the one that peers rely on', by('check-order')],
  ['peer', 'Another agent at the token endpoint is 403', by('token-of-other')],
  [
    'peer',
    'Revocation: 400 without secret, 401 wrong or none at all, 403 of others, 200 else',
    by('revoke-statuses'),
  ],
  [
    'peer',
    'The authorization URL passes through us first, with the OAuth parameters on it',
    by('authorize-through-us'),
  ],
  [
    'peer',
    'The status takes Basic or an attestation, and 404 looks the same for all others',
    by('status-credentials'),
  ],
  ['peer', '`gateway_id` is the public base URL', by('gateway-id', 'gateway')],
  ['peer', 'Registration answers 201 whatever was decided', by('registration-undecided')],
  ['peer', 'Identifiers have the prefixes that peers look for', by('identifier-prefixes')],
  ['peer', 'The user is a real, stable one', unseen('who the user is does not show in any answer')],
  [
    'peer',
    'An absent upstream `scope` means all that was asked, an empty one none',
    unseen('it is about what the provider answers the server'),
  ],
  [
    'peer',
    '`agent_approved` lists all that is approved for the provider',
    by('token-approved-listed'),
  ],
  ['peer', 'A native service answers to its app id and aliases', by('app-aliases', 'native')],
  [
    'peer',
    'Our client uses the published registration endpoint when it is of the same origin',
    by('registration-endpoint'),
  ],
  ['peer', 'Any `state` up to 512 characters is taken and given back', by('authorize-state-long')],
  ['peer', 'Answers pass through unchanged; our client takes any body', by('call-body-unchanged')],
]

export const peerRows: readonly Row[] = numbered('C', 'two-phase', peers)
