import type { Requirement, Row } from './requirement.ts'
import { didHandshake, didProposals } from './requirements-nine-step.ts'

const types = 'packages/types/src'
const server = 'packages/server/src'
const gateway = 'packages/gateway/src'
const client = 'packages/client/src'

const attestation = [`${types}/attestation`]
const registration = [`${server}/register`]
const status = [`${server}/status`]
const authorize = [`${server}/authorize`]
const callback = [`${server}/callback`]
const token = [`${server}/token`]
const proxy = [`${server}/proxy`]
const revoke = [`${server}/revoke`]
const identity = [`${server}/ports/identity-documents.ts`]
const errors = [`${types}/errors`]
const audit = [`${server}/ports/audit.ts`]

const protocol: readonly Row[] = [
  // Core, roles, versions
  [
    'MUST',
    'An agent gets in only when the service approved it and the user agreed; neither can be gone around',
    authorize.concat(token),
  ],
  ['MUST', 'The words MUST, SHOULD and MAY mean what RFC 2119 says', ['scripts/requirements.ts']],
  ['MUST', 'At least one way of discovery is offered', [`${server}/discovery`]],
  [
    'MAY',
    'The same handshake serves behind a gateway and inside a service',
    [`${server}/handlers.ts`],
  ],
  ['SHOULD', 'An agent looks at `ath_version` before it registers', [client]],
  ['fact', 'A version is MAJOR.MINOR; compatible changes do not raise it', [`${types}/version.ts`]],
  [
    'fact',
    'There are three levels of adoption; the gateway is the one that asks nothing of the service',
    [gateway],
  ],
  // Discovery
  ['MAY', 'The gateway publishes `GET /.well-known/ath.json`', [`${server}/discovery`]],
  [
    'MUST',
    'The discovery document holds version, gateway id, registration endpoint and providers',
    [`${server}/discovery`, `${types}/schema/discovery.ts`],
  ],
  [
    'MUST',
    'Each provider is listed with id, display name, scopes, auth mode and whether approval is needed',
    [`${server}/discovery`, `${types}/schema/discovery.ts`],
  ],
  ['MAY', 'The list of providers comes from the configuration', [`${server}/discovery`]],
  [
    'fact',
    'A service of its own publishes `/.well-known/ath-app.json`',
    [`${types}/schema/discovery.ts`],
  ],
  [
    'MUST',
    'Its `auth` names the OAuth endpoints and scopes; attestations are required unless it says else',
    [`${types}/schema/discovery.ts`],
  ],
  [
    'fact',
    'Where nothing is published, provider, base and OAuth endpoints are configured by hand',
    [gateway],
  ],
  ['fact', 'Discovery needs no credentials', [`${server}/discovery`]],
  ['fact', 'Objects may hold members that the schema does not name', [`${types}/schema`]],
  // Identity document
  [
    'MUST',
    'An agent is named by the https URL of its identity document',
    [`${types}/attestation/agent-id.ts`],
  ],
  ['MUST', 'The agent publishes a JSON document at that URL', [client].concat(identity)],
  [
    'MUST',
    'The document holds version, id, name, developer and public key, as JWK or PEM',
    [`${types}/schema/identity-document.ts`, `${types}/attestation/key.ts`],
  ],
  ['SHOULD', 'The document is served with `Cache-Control: max-age=300`', ['packages/demo/src']],
  ['MAY', 'A verifier keeps identity documents for a while', identity],
  ['MUST NOT', 'A document is not kept longer than five minutes', identity],
  [
    'SHOULD',
    'Only a wrong signature makes the verifier fetch the document again, past its cache',
    identity,
  ],
  ['MUST', 'Such a second fetch happens at most once a minute for one agent', identity],
  ['SHOULD', 'Fetching the document has time limits', identity],
  ['fact', 'A service is named by a package name or URI', [`${types}/schema/discovery.ts`]],
  // Attestation
  ['MUST', 'An attestation is a compact JWS, ES256, with `typ` and `kid`', attestation],
  ['MUST', 'It claims `iss`, `sub`, `aud`, `iat`, `exp` and `jti`', attestation],
  ['MUST', 'Its signature is checked with the key published at the agent id', attestation],
  ['MUST', 'An attestation without `exp`, or expired, is refused', attestation],
  ['MUST', 'An attestation for another audience is refused', attestation],
  ['MUST', '`iat` is within five minutes of now', attestation],
  ['MUST', 'Every attestation has a `jti` of its own', attestation],
  [
    'MUST',
    'A `jti` is remembered until `exp`, and a second use is refused',
    [`${server}/ports/replay.ts`],
  ],
  ['SHOULD', 'Attestations live at most an hour', attestation],
  ['MUST', '`sub` is the agent that the client id was registered for', authorize.concat(token)],
  [
    'MUST',
    'At the token endpoint the audience is that endpoint',
    [`${server}/endpoint/audience.ts`],
  ],
  [
    'fact',
    'At registration and authorization the audience is the base URL',
    [`${server}/endpoint/audience.ts`],
  ],
  ['MUST', 'Authorization and token each need a fresh attestation', authorize.concat(token)],
  // Registration
  [
    'MUST',
    'A registration names agent, attestation, developer and wanted providers',
    [`${types}/schema/registration.ts`].concat(registration),
  ],
  ['MUST', 'The attestation is verified and the approval rules decide', registration],
  [
    'MUST',
    'The answer holds credentials, status, what was approved and denied, and until when',
    registration,
  ],
  [
    'MAY',
    'Some of the wanted scopes may be approved and others not',
    [`${server}/register/approval.ts`],
  ],
  ['MUST', 'An agent keeps to the approved scopes', [client]],
  ['SHOULD', 'A second registration of the same agent answers 409', registration],
  ['MUST', '`user_redirect_uri` must be exactly one of the registered redirect URIs', authorize],
  [
    'MUST',
    'Without registered redirect URIs none is taken, and the callback ends here',
    authorize.concat(callback),
  ],
  ['fact', 'A registration answers 201', registration],
  ['SHOULD', 'An agent that was taken over can be stopped', [`${server}/ports/registry.ts`]],
  ['SHOULD', 'Approvals expire, and that is enforced', [`${server}/endpoint/approved.ts`]],
  // Status
  ['MUST', 'The status of an agent needs its secret or attestation', status],
  ['MUST', 'An agent sees its own registration only', status],
  ['MUST NOT', 'Nobody without credentials learns whether an agent is registered', status],
  ['fact', 'The status is at `GET /ath/agents/{client_id}`', status],
  // Authorize
  [
    'MUST',
    'An authorization names client, attestation, provider, scopes and state',
    [`${types}/schema/authorization.ts`].concat(authorize),
  ],
  [
    'MUST',
    'Agents send a `state` of at least 128 random bits; servers set no least length',
    [client, `${types}/schema/authorization.ts`],
  ],
  ['MUST', 'The OAuth callback is refused when its state is not ours', callback],
  ['MUST', 'Only an approved agent may start', [`${server}/endpoint/approved.ts`]],
  ['MUST', 'The attestation must be valid and of the registered agent', authorize],
  ['MUST', 'Provider and scopes must be approved for the agent', authorize],
  ['MUST', 'The authorization URL carries a PKCE S256 challenge', authorize],
  [
    'MUST',
    'The PKCE verifier stays here and goes to the provider with the code',
    authorize.concat([`${server}/oauth`]),
  ],
  ['MUST', 'The redirect rules hold at authorization', authorize],
  [
    'MUST',
    'The browser that goes upstream is bound to the handshake by a cookie',
    [`${server}/authorize/binding.ts`],
  ],
  ['MUST', 'The callback is taken only from that browser', callback],
  ['MUST', 'A handshake lives at most ten minutes', [`${types}/handshake/two-phase.ts`]],
  ['MUST', 'A handshake gives one token', [`${types}/handshake/two-phase.ts`].concat(token)],
  ['MUST', 'The answer holds the authorization URL and the handshake id', authorize],
  ['fact', '`resource` is passed to the provider', [`${server}/oauth`]],
  [
    'SHOULD',
    'The consent page shows the agent, its developer and which scopes the service approved',
    [`${server}/pages`],
  ],
  // Callback
  ['MUST', 'The implementor handles the OAuth callback', callback],
  ['MUST', 'The code is exchanged form-encoded, with PKCE', [`${server}/oauth`]],
  ['MUST', 'The bridge speaks the authorization code grant with PKCE S256', [`${server}/oauth`]],
  ['MUST', "The providers' client secrets are shown to nobody", [`${server}/oauth`]],
  ['MUST', "The providers' tokens stay here", [`${server}/ports/provider-tokens.ts`]],
  ['fact', 'A refusal by the user is USER_DENIED 403, a failure upstream OAUTH_ERROR 502', errors],
  ['fact', 'The PKCE verifier holds at least 256 random bits', [`${server}/oauth`]],
  // Token
  [
    'MUST',
    'A token request names grant type, credentials, attestation, code and handshake',
    [`${types}/schema/token.ts`].concat(token),
  ],
  ['fact', 'The token endpoint takes JSON', token],
  ['MUST', 'The attestation is verified for the token endpoint and the registered agent', token],
  ['MUST', 'The handshake is known and not older than ten minutes', token],
  ['MUST', 'Success spends the handshake', token],
  [
    'MUST',
    'Effective scopes are approved ∩ consented ∩ requested',
    [`${types}/scope/intersect.ts`],
  ],
  ['MUST NOT', 'No scope outside of that is issued', [`${types}/scope/intersect.ts`]],
  ['MUST NOT', 'Nothing is issued when that is empty', token],
  ['MUST', 'The answer shows the three sets', token],
  ['MUST', 'The answer holds token, type Bearer, lifetime, scopes, provider and agent', token],
  ['MUST', 'A token is bound to agent, user, provider and scopes', token],
  ['MUST NOT', 'It works for no other agent, user or provider', proxy],
  ['fact', 'A token is opaque and lives an hour', token],
  // Proxy
  ['MUST', 'A proxied call carries the token and `X-ATH-Agent-ID`', proxy],
  ['MUST', 'The token exists, is not expired and not revoked', proxy],
  ['MUST', '`X-ATH-Agent-ID` is the bound agent', proxy],
  ['MUST', 'The provider in the path is the bound one', proxy],
  ['MUST', 'Scopes are mapped to methods and paths', [`${server}/proxy/scope-map.ts`]],
  ['MUST', 'What no scope maps is refused', [`${server}/proxy/scope-map.ts`]],
  ['SHOULD', 'The upstream token has the effective scopes only', [`${server}/oauth`]],
  ['MUST', 'With a wider upstream token the call still keeps to the effective scopes', proxy],
  ['MUST', 'The body comes back byte for byte', [`${server}/transport`]],
  [
    'SHOULD',
    "The upstream's certificate is verified",
    [`${gateway}/adapters/undici`, `${server}/adapters/outbound`],
  ],
  ['fact', "Nothing of the agent's credentials goes upstream", proxy],
  ['fact', 'Any method is proxied', [`${server}/transport`]],
  // Revoke
  [
    'MUST',
    'A revocation names the token, and an agent its credentials',
    [`${types}/schema/token.ts`].concat(revoke),
  ],
  ['MUST', 'An agent revokes its own tokens only', revoke],
  [
    'MUST',
    'Users and operators revoke with their own log-in',
    [`${server}/desk`, `${gateway}/admin`],
  ],
  ['MUST', 'Nobody revokes without credentials', revoke],
  ['MUST', 'A revoked token stops at once', revoke],
  ['SHOULD', 'An unknown token answers 200 too', revoke],
  ['SHOULD', 'Revocations are recorded', audit.concat(revoke)],
  [
    'fact',
    'Agents, users and operators can all revoke',
    revoke.concat([`${server}/desk`, `${gateway}/admin`]),
  ],
  // Errors
  ['MUST', 'An error is `{code, message, details?}` with one of 16 codes', errors],
  ['fact', 'Each code has its status', [`${types}/errors/catalogue.ts`]],
  ['fact', 'AGENT_UNAPPROVED covers pending and denied', errors],
  // Security, audit, abuse
  ['MUST', 'All of it runs over TLS 1.2 or later', [`${gateway}/listener`]],
  ['OPTIONAL', 'Mutual TLS, where a client CA is configured', [`${gateway}/listener`]],
  ['SHOULD', 'Every decision is recorded with the nine fields', audit],
  ['fact', 'The records use the nine event names', audit],
  ['SHOULD', 'Repeated failures and odd patterns are reported', [`${gateway}/watch`]],
  ['SHOULD', 'Agents are rate limited', [`${server}/endpoint/limit.ts`]],
  ['SHOULD', 'Agents with odd patterns are flagged or suspended', [`${gateway}/watch`]],
  [
    'SHOULD',
    'Keys are kept safe and rotated, tokens live short, registrations are reviewed',
    [gateway],
  ],
  [
    'fact',
    'Provider tokens are encrypted at rest and stores survive a restart',
    [`${server}/adapters/sql`, `${server}/ports/seal.ts`],
  ],
]

const seeds: readonly Row[] = [
  [
    'seed',
    'The gateway controls and records all access and limits traffic',
    [`${server}/story`],
    'the rows on scopes, audit and limits prove its parts',
  ],
  [
    'seed',
    'The service behind needs no change; access may be kept to addresses and hours',
    [`${server}/surfaces`, `${types}/restriction`],
  ],
  ['seed', 'The bridge refreshes tokens and passes resource indicators on', [`${server}/oauth`]],
  ['seed', 'There is a mock provider for tests', [`${server}/oauth`]],
  ['seed', 'The claims of an attestation prove the key and are used once', [`${server}/agent`]],
  [
    'seed',
    'An app gets ATH by handlers wired to its routes; its proxy path swaps the tokens',
    [`${server}/low-level`, `${server}/native`],
  ],
]

const peers: readonly (readonly [string, readonly string[], string?])[] = [
  ['`iss` is the agent id or its origin; the key always comes from `sub`', attestation],
  ['`typ` is absent or `JWT` in any case', attestation],
  ['`kid` is ignored for a single key; JWK, PEM and JWK as text are taken', attestation],
  [
    'At registration and authorization: base URL, with slash, or the endpoint, under every alias',
    [`${server}/endpoint/audience.ts`],
  ],
  ['At the token endpoint: that URL only', [`${server}/endpoint/audience.ts`]],
  ['Lifetime at most 3660 s, `iat` ±300 s; `jti` recorded after the signature', attestation],
  ['Our own callback as redirect URI means none', authorize],
  ['The callback without state shows a page; agents get their state back', callback],
  ['Any code does when none was delivered; a delivered one is required', token],
  ['Pending, denied, expired and failed handshakes each answer in their own way', token],
  ['A missing `X-ATH-Agent-ID` is 403, after token and provider', proxy],
  ['A user log-in is never required on the ATH endpoints', [`${server}/handlers.ts`]],
  ['A second registration is CONFLICT 409, after a valid attestation only', registration],
  ['Token and revocation take JSON and forms', [`${server}/wire/body.ts`]],
  [
    'Malformed input is 400 with the code of the first missing field',
    [`${server}/endpoint/read-fields.ts`],
  ],
  ['The order of checks is the one that peers rely on', [server]],
  ['Another agent at the token endpoint is 403', token],
  ['Revocation: 400 without secret, 401 wrong or none at all, 403 of others, 200 else', revoke],
  ['The authorization URL passes through us first, with the OAuth parameters on it', authorize],
  ['The status takes Basic or an attestation, and 404 looks the same for all others', status],
  ['`gateway_id` is the public base URL', [`${server}/discovery`]],
  ['Registration answers 201 whatever was decided', registration],
  ['Identifiers have the prefixes that peers look for', [`${types}/ids.ts`]],
  ['The user is a real, stable one', [`${server}/login`, `${server}/oauth/subject.ts`]],
  [
    'An absent upstream `scope` means all that was asked, an empty one none',
    [`${types}/scope/consented.ts`],
  ],
  ['`agent_approved` lists all that is approved for the provider', token],
  [
    'A native service answers to its app id and aliases',
    [`${server}/endpoint/canonical-provider.ts`, `${types}/schema/discovery.ts`],
  ],
  ['Our client uses the published registration endpoint when it is of the same origin', [client]],
  [
    'Any `state` up to 512 characters is taken and given back',
    [`${types}/schema/authorization.ts`],
  ],
  ['Answers pass through unchanged; our client takes any body', [client, `${server}/transport`]],
  [
    'Sample code in the documentation differs from the wire',
    [],
    'it says nothing that goes over the wire',
  ],
]

export const requirements: readonly Requirement[] = [
  ...[...protocol, ...seeds].map(numbered('R')),
  ...peers
    .map(([summary, where, untestable]): Row => ['peer', summary, where, untestable])
    .map(numbered('C')),
  ...didHandshake.map(numbered('D')),
  ...didProposals.map(numbered('U')),
]

function numbered(letter: 'R' | 'C' | 'D' | 'U') {
  return ([level, summary, where, untestable]: Row, index: number): Requirement => ({
    id: `${letter}${index + 1}`,
    level,
    summary,
    where,
    ...(untestable === undefined ? {} : { untestable }),
  })
}
