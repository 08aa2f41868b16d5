export { athVersion, handshakeLifetimeSeconds, qualifiedScope } from '@ath-protocol/types'
/** The protocol's own shapes, as the client's answers carry them. */
export type {
  AgentRecord,
  ApprovedProvider,
  Clock,
  DecidedQuestion,
  Discovery,
  IdentityDocument,
  Inbox,
  KeptCredential,
  Question,
  RegistrationResponse,
  ServiceDiscovery,
  TokenResponse,
} from '@ath-protocol/types'
export type { Credentials } from './agent-context.ts'
export type { ScopesByProvider } from './allot.ts'
export * from './ath-error.ts'
export type { AuthorizeRequest, PendingHandshake } from './authorize.ts'
export { readBaseUrl } from './base-url.ts'
export * from './client.ts'
export * from './client-catalogue.ts'
export * from './connect.ts'
export {
  type DiscoverOptions,
  describeService,
  discoverGateway,
  discoverService,
  type ManualService,
  requireVersion,
} from './discover.ts'
export type { Exchangeable } from './exchange.ts'
export { createIdentityDocument } from './identity.ts'
export * from './key.ts'
export type { PendingConfirmation } from './nine-step/await-answer.ts'
export { handshake, resumeHandshake } from './nine-step/handshake.ts'
export * from './nine-step/handshake-key.ts'
export type * from './nine-step/handshake-options.ts'
export type {
  HandshakeSession,
  ServiceRequest,
  SessionOptions,
} from './nine-step/handshake-session.ts'
export type { StoredHandshake } from './nine-step/stored-handshake.ts'
export { openBrowser } from './open-browser.ts'
export { checkPublishedKey } from './published.ts'
export type { RegisterRequest, RotateRequest } from './register.ts'
export { readGatewayRefusal } from './service-call.ts'
export type { AthSession } from './session.ts'
export type { StoredSession } from './stored-session.ts'
export { agentThumbprint } from './user/agent-thumbprint.ts'
export * from './user/user-client.ts'
export type { WaitOptions } from './wait.ts'
