/**
 * What a composition root puts together: the proxied call's story, people's pages, adapters. The gateway is made of these,
 * and so is native mode. Names here may change with any version; what is promised is in `index.ts`.
 */
export { type Keys, openKeys } from './adapters/file-keys/open-keys.ts'
export { createSeal, sealingKey } from './adapters/file-keys/seal.ts'
export { generateSigningKey, openSigningKey } from './adapters/file-keys/signing-key.ts'
export { createRateLimits } from './adapters/memory/rate-limits.ts'
export { type Outbound, createOutbound } from './adapters/outbound/outbound.ts'
export { migrations } from './adapters/sql/migrations.ts'
export { openStore } from './adapters/sqlite/open-store.ts'
export { StartError } from './adapters/start-error.ts'
export { systemClock } from './adapters/system/clock.ts'
export { systemRandom } from './adapters/system/random.ts'

export { myPermissions } from './compose/my-permissions.ts'

export { sweepStore } from './compose/sweep-store.ts'
export { type Credential } from './credentials/credential.ts'
export { oauth2Credential } from './credentials/oauth2.ts'
export { createConsentDesk } from './desk/desk.ts'
export { limitTexts } from './desk/limits.ts'
export { createLogin, devIssuer } from './login/login.ts'
export { sessionCookie } from './login/people.ts'
export { personName } from './login/person-name.ts'
export { type LoginSettings } from './login/settings.ts'
export { createMe } from './me/me.ts'
export { plainLine, splitText } from './pages/foreign-text.ts'
export { html } from './pages/html.ts'
export { type Language } from './pages/messages/say.ts'
export { sayLasting, sayTimeLeft } from './pages/messages/time.ts'
export { createChallenges } from './passkeys/challenges.ts'
export { createPasskeys } from './passkeys/create-passkeys.ts'
export { createEnrolment } from './passkeys/enrol.ts'
export { canHavePasskeys, relyingPartyOf } from './passkeys/relying-party.ts'
export { type AuditAnchor } from './ports/audit-anchor.ts'
export {
  type ChannelIdentity,
  type ChannelIdentityStore,
  type Delivery,
  type DeliveryStore,
} from './ports/channels.ts'
export { type LogLine } from './ports/log.ts'
export { type LoginFlow, type LoginSession, type LoginStore, type Person } from './ports/logins.ts'
export { type Passkey, type PasskeyStore } from './ports/passkeys.ts'

export { type Signer } from './ports/signer.ts'
export { type Store } from './ports/store.ts'
export { EncryptedAnswer, encryptedHead } from './story/encrypted-answer.ts'
export { type Unsealed } from './story/encrypted.ts'
export {
  type AmountFields,
  type CallBody,
  type ProxyCall,
  type ProxyPorts,
  type Route,
} from './story/exchange.ts'
export { type InFlight, type OpenCall, createInFlight } from './story/in-flight.ts'
export { createLiveSessions } from './story/live-sessions.ts'
export { type LiveToken } from './story/live-token.ts'
export { createLiveTokens } from './story/live-tokens.ts'
export { type Recorder, createRecorder } from './story/record.ts'
export { sessionTokenReader } from './story/session-token.ts'
export { type ProxyOutcome, proxyStory } from './story/story.ts'
export { UpstreamAnswer } from './story/upstream-answer.ts'
export { ownSegments, shortPaths } from './surfaces/http/short-path.ts'
export { type ProxyTarget, isProxyTarget, readProxyTarget } from './surfaces/http/target.ts'
export { UploadFailed } from './transport/upload-failed.ts'
export {
  type OpenUpstream,
  type StreamedBody,
  type Upstream,
  type UpstreamCall,
  type UpstreamEvents,
  type UpstreamRequest,
  type UpstreamSettings,
} from './transport/upstream.ts'
export { type AmountRule, asServersReadIt, compileAmounts } from './surfaces/http/amount-fields.ts'
export { securityHeaders } from './wire/security-headers.ts'
export { openNineStep } from './compose/open-nine-step.ts'
export { openPeople } from './compose/open-people.ts'
export { nearest, suggest } from './native/nearest.ts'
