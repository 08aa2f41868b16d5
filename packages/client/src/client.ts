import {
  type AgentRecord,
  type ApprovedProvider,
  type Clock,
  createAttestation,
  type Discovery,
  type RegistrationResponse,
  type ServiceDiscovery,
  type TokenResponse,
} from '@ath-protocol/types'
import { type AgentContext, type Credentials, requireCredentials } from './agent-context.ts'
import { entryOf } from './approved.ts'
import { AthError } from './ath-error.ts'
import { type AuthorizeRequest, type PendingHandshake, startHandshake } from './authorize.ts'
import { requireVersion } from './discover.ts'
import { type Exchangeable, exchangeToken } from './exchange.ts'
import { requireAgentId } from './identity.ts'
import type { AgentKey } from './key.ts'
import { type AthPlace, type AtGateway, type AtService, createPlace } from './place.ts'
import { readRedirect } from './redirect.ts'
import {
  type RegisterRequest,
  type RotateRequest,
  readStatus,
  registerAgent,
  rotateClientSecret,
} from './register.ts'
import { revokeToken } from './revoke.ts'
import { type AthSession, createSession } from './session.ts'
import type { StepUpSetting } from './step-up.ts'
import { type StoredSession, storeToken } from './stored-session.ts'
import { systemClock, systemFetch } from './system.ts'
import { awaitConsent, type WaitOptions } from './wait.ts'

/** What an agent is, and how it asks, wherever that is. */
export interface AgentOptions {
  /** The URL of the agent's identity document. */
  readonly agentId: string
  readonly key: AgentKey
  /** From an earlier registration. */
  readonly credentials?: Credentials
  /** `iss` of attestations (C1). Default `agent_id`. */
  readonly issuer?: 'agent_id' | 'origin'
  /** Sent with every request to the gateway; never instead of ours. */
  readonly headers?: Readonly<Record<string, string>>
  /** `X-ATH-User-Token`, for gateways that want their user logged in (C12). */
  readonly userToken?: string
  /** For each protocol step. Default 30. */
  readonly timeoutSeconds?: number
  /** From sending a call to its response headers, long enough for uploads; 0 is none. Default 300. */
  readonly callTimeoutSeconds?: number
  /**
   * Told of each token that a session renewed, and awaited, so that it can be kept for `resume`. What it throws fails
   * the call that waited for the renewal.
   */
  readonly onRenewed?: (stored: StoredSession) => unknown
  /** How the user learns that a call waits for them; can be given with each call, too. Default `print`. */
  readonly onStepUp?: StepUpSetting
  readonly fetch?: typeof fetch
  readonly clock?: Clock
}

/** An agent, and either a gateway or a service that speaks ATH itself. */
export type AthClientOptions = AgentOptions & AthPlace

interface Signalled {
  readonly signal?: AbortSignal | undefined
}

/**
 * One agent at one gateway, or at one service that speaks ATH itself. Answers are given as the protocol writes them;
 * sessions and handshakes are our own.
 */
export interface AthClient<Description extends Discovery | ServiceDiscovery = Discovery> {
  /** Its base URL without trailing slash; in native mode the service's own. */
  readonly gateway: string
  /** Whether the service itself answers. */
  readonly native: boolean
  readonly agentId: string
  /** What to keep after `register` and `rotateSecret`. */
  readonly credentials: Credentials | undefined
  discover(options?: Signalled): Promise<Description>
  register(request: RegisterRequest): Promise<RegistrationResponse>
  status(options?: Signalled): Promise<AgentRecord>
  rotateSecret(request?: RotateRequest): Promise<Required<Credentials>>
  authorize(request: AuthorizeRequest): Promise<PendingHandshake>
  /** Checks the URL on which the browser came back and exchanges the code it carries. */
  completeRedirect(
    returned: string | URL,
    handshake: PendingHandshake,
    options?: Signalled & { readonly allowMissingState?: boolean },
  ): Promise<AthSession>
  waitForConsent(handshake: PendingHandshake, options?: WaitOptions): Promise<AthSession>
  /** One exchange, now. `waitForConsent` asks until the user has answered. */
  token(
    handshake: Exchangeable,
    options?: Signalled & { readonly code?: string },
  ): Promise<AthSession>
  /** Takes up a token that was kept. Without its scopes it is never renewed by itself. */
  resume(stored: StoredSession): AthSession
  revoke(token: string, options?: Signalled): Promise<void>
}

export function createAthClient(options: AgentOptions & AtGateway): AthClient
export function createAthClient(options: AgentOptions & AtService): AthClient<ServiceDiscovery>
export function createAthClient(options: AthClientOptions): AthClient<Discovery | ServiceDiscovery>
export function createAthClient(
  options: AthClientOptions,
): AthClient<Discovery | ServiceDiscovery> {
  const agentId = requireAgentId(options.agentId)
  const clock = options.clock ?? systemClock
  let credentials = options.credentials
  let approved: readonly ApprovedProvider[] | undefined

  const transport = { fetch: options.fetch ?? systemFetch, clock }
  const headers = {
    ...options.headers,
    ...(options.userToken === undefined ? {} : { 'x-ath-user-token': options.userToken }),
  }
  const timeoutSeconds = options.timeoutSeconds ?? 30
  const context: AgentContext = {
    ...createPlace(options, { ...transport, headers, timeoutSeconds }),
    agentId,
    clock,
    transport,
    headers,
    timeoutSeconds,
    callTimeoutSeconds: options.callTimeoutSeconds ?? 300,
    credentials: () => credentials,
    onRenewed: options.onRenewed,
    onStepUp: options.onStepUp,
    attest: (audience) =>
      createAttestation({
        agentId,
        audience,
        key: options.key.privateKey,
        keyId: options.key.keyId,
        now: clock.now(),
        issuer: options.issuer ?? 'agent_id',
      }),
  }

  const openSession = (token: TokenResponse, { scopes }: Exchangeable): AthSession => {
    const agreed = token.scope_intersection.user_consented
    const consentedScopes = scopes.filter((scope) => agreed.includes(scope))
    return createSession(context, storeToken(token, clock.now(), { consentedScopes }), token)
  }
  const token: AthClient['token'] = async (handshake, { code, signal } = {}) => {
    const granted = await exchangeToken(context, handshake, {
      ...(code === undefined ? {} : { code }),
      ...(signal ? { signal } : {}),
    })
    return openSession(granted, handshake)
  }

  return {
    gateway: context.base,
    native: context.native,
    agentId,
    get credentials() {
      return credentials
    },
    discover: ({ signal } = {}) => context.describe(signal),
    async register(request) {
      const document = await context.describe(request.signal)
      requireVersion(document)
      const registration = await registerAgent(context, document, request)
      credentials = {
        clientId: registration.client_id,
        clientSecret: registration.client_secret,
      }
      if (registration.agent_status === 'approved') approved = registration.approved_providers
      return registration
    },
    async status({ signal } = {}) {
      const record = await readStatus(context, signal)
      approved = record.agent_status === 'approved' ? record.approved_providers : undefined
      return record
    },
    async rotateSecret(request = {}) {
      const fresh = await rotateClientSecret(context, request)
      credentials = fresh
      return fresh
    },
    async authorize(request) {
      const { clientId } = credentials ?? requireCredentials(context)
      if (approved) requireApproved(entryOf(context, approved, request.provider), request)
      return startHandshake(context, clientId, request)
    },
    completeRedirect: async (returned, handshake, { signal, allowMissingState = false } = {}) =>
      token(handshake, { code: readRedirect(returned, handshake, { allowMissingState }), signal }),
    async waitForConsent(handshake, waiting) {
      const granted = await awaitConsent(context, handshake, waiting)
      return openSession(granted, handshake)
    },
    token,
    resume: (stored) => createSession(context, stored),
    revoke: (accessToken, { signal } = {}) => revokeToken(context, accessToken, signal),
  }
}

/** An agent does not ask a user for what the service has refused it (R44). */
function requireApproved(
  entry: ApprovedProvider | undefined,
  { provider, scopes }: AuthorizeRequest,
): void {
  if (!entry) throw new AthError('PROVIDER_NOT_APPROVED', { details: { provider_id: provider } })
  const refused = scopes.filter((scope) => !entry.approved_scopes.includes(scope))
  if (refused.length > 0)
    throw new AthError('SCOPE_NOT_APPROVED', {
      message: `the service has not approved ${refused.join(', ')} for this agent`,
      details: { scopes: refused, approved: entry.approved_scopes, reason: entry.denial_reason },
    })
}
