export { athVersion, handshakeLifetimeSeconds, qualifiedScope } from '@ath-protocol/types'
/** The protocol's own shapes, as the client's answers carry them. */
export type {
  AgentRecord,
  ApprovedProvider,
  Clock,
  Discovery,
  IdentityDocument,
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
export { offeredScopes } from './place.ts'
export type { AtGateway, AthPlace, AtService } from './place.ts'
export { openBrowser } from './open-browser.ts'
export { checkPublishedKey } from './published.ts'
export type { RegisterRequest, RotateRequest } from './register.ts'
export { readGatewayRefusal } from './service-call.ts'
export type { CallInit, StepUpSetting } from './step-up.ts'
export type { AthSession } from './session.ts'
export type { StoredSession } from './stored-session.ts'
export type { WaitOptions } from './wait.ts'
