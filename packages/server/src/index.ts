export * from './config.ts'
export { approvalMessage, confirmationMessage } from './consent/confirmation-message.ts'
export type { AthPorts } from './endpoint/ports.ts'
export { approvedScopes } from './endpoint/approved.ts'
export { answerFailure } from './endpoint/endpoint.ts'
export { callerKey } from './endpoint/limit.ts'
export {
  approvalOf,
  type ConsentAnswer,
  decideConsent,
  missingStrength,
} from './consent/decide-consent.ts'
export { isAtLeast, requestReference } from './consent/consent-request.ts'
export { endSession } from './grant/end-session.ts'
export { endGrant, type GrantPorts } from './grant/end-grant.ts'
export { endGrantBy } from './grant/end-grant-by.ts'
export { createAthHandlers, endpointStages } from './handlers.ts'
export { endReplacedKeys } from './nine-step/admit-agent.ts'
export type * from './ports/index.ts'
export { admitToken, type BoundToken, type TokenUse } from './proxy/admit-token.ts'
export { type BearerToken, readBearer } from './proxy/bearer.ts'
export {
  comesBack,
  goesUpstream,
  type HeaderList,
  passableTrailers,
  returnedHeaders,
  upstreamHeaders,
} from './proxy/headers.ts'
export { normalizePath } from './proxy/normalize-path.ts'
export * from './proxy/scope-map.ts'
export * from './register/approval.ts'
export {
  limitsOf,
  type Restricted,
  type RestrictedGrant,
} from './restriction/check-restrictions.ts'
export { hashSecret, matchesHash, sessionTokenHash, tokenRef } from './secret/hash.ts'
export { DependencyDown } from './story/dependency-down.ts'
export * from './story/stage.ts'
export { sweep } from './sweep.ts'
export { authorizationStatus } from './user/authorization-view.ts'
export { clientThumbprint, thumbprintOfText } from './user/client-key.ts'
export { issueCredential } from './user/issue-credential.ts'
export { endSessionsOfKey } from './user/key-removed.ts'
export { revokeCredential } from './user/revoke-credential.ts'
export { jsonAnswer, redirectAnswer } from './wire/answer.ts'
export { readBody } from './wire/body.ts'
export { hostCookie, readCookie } from './wire/cookie.ts'
export type * from './wire/http.ts'
export * from './memory/agent-registry.ts'
export * from './memory/channel-stores.ts'
export * from './memory/consent-store.ts'
export * from './memory/grant-store.ts'
export * from './memory/login-store.ts'
export { memoryStore } from './memory/memory-store.ts'
export * from './memory/nine-step-session-store.ts'
export * from './memory/nine-step-store.ts'
export * from './memory/passkey-store.ts'
export * from './memory/pre-authorization-store.ts'
export * from './memory/provider-token-store.ts'
export * from './memory/replay-store.ts'
export * from './memory/session-store.ts'
export * from './memory/token-store.ts'
export * from './memory/upstream-leg-store.ts'
export * from './memory/user-key-store.ts'
export {
  createAttestationVerifier,
  type AttestationVerifierOptions,
} from './agent/verify-attestation.ts'
export { boundedFetch, type OutboundFetch, readAtMost } from './oauth/bounded-fetch.ts'
export { createOAuthBridge, type OAuthBridgeOptions } from './oauth/bridge.ts'
export {
  createMockProvider,
  type MockProvider,
  type MockProviderOptions,
} from './oauth/mock-provider.ts'
export { errorCode } from './oauth/failure.ts'
export { createOAuthServers } from './oauth/oauth-servers.ts'
export { routeOAuth } from './oauth/route-oauth.ts'
export type { OAuthProviderSettings } from './oauth/settings.ts'
export {
  type AgentClient,
  type AgentClientFault,
  type AgentClientOptions,
  readAgentClient,
} from './agent-client/agent-client.ts'
export {
  createOidcProviderAgents,
  type OidcProviderAgents,
  type OidcProviderAgentsOptions,
} from './agent-client/oidc-provider.ts'
export { type AgentVerifierOptions, createAgentVerifier } from './compose/agent-verifier.ts'
export { createDevIdp, type DevIdp } from './dev-idp/dev-idp.ts'
export type { DevIdpClient, DevIdpOptions, DevPerson, DevScope } from './dev-idp/settings.ts'
export type { AthContext, AthRegister, RegisteredScope } from './native/context.ts'
export { type AthApp, createAthApp } from './native/ath-app.ts'
export type { AppAnswer, AppRequest } from './native/app-request.ts'
export type { AuditLine } from './native/audit-lines.ts'
export type { GuardOptions } from './native/guard-options.ts'
export * from './native/options.ts'
export {
  createServiceDiscoveryDocument,
  type ServiceDescription,
} from './native/service-document.ts'
export {
  type AthHandlers,
  type AthHandlersConfig,
  type AthHandlersDeps,
  createATHHandlers,
} from './low-level/ath-handlers.ts'
export type { AthHandlerRequest, AthHandlerResponse } from './low-level/handler-request.ts'
export { createProxyHandler, type ProxyHandlerDeps } from './low-level/proxy-handler.ts'
