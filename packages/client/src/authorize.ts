import { authorizationResponseSchema, encodeBase64url, readWire } from '@ath-protocol/types'
import { type AgentContext, ask } from './agent-context.ts'
import { AthError } from './ath-error.ts'
import { requireSecure } from './base-url.ts'
import { offeredScopes, type Place } from './place.ts'

export interface AuthorizeRequest {
  /** May be left out where there is one: in native mode, or at a gateway with a single provider. */
  readonly provider?: string | undefined
  readonly scopes: readonly string[]
  /** Default: 256 random bits. One of your own must be random and at least 22 characters (128 bits, R56). */
  readonly state?: string | undefined
  /** One of the registered `redirectUris`, for agents that receive the browser themselves. */
  readonly redirectUri?: string | undefined
  /** RFC 8707. */
  readonly resource?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** A user's pending answer. Plain data: it may be stored and taken up again within ten minutes of `startedAt`. */
export interface PendingHandshake {
  /** The wire's `ath_session_id`. */
  readonly id: string
  /** Where the user answers. https, or http on this machine. */
  readonly authorizationUrl: string
  readonly providerId: string
  /** What was asked; a token with more is refused. */
  readonly scopes: readonly string[]
  readonly state: string
  readonly redirectUri?: string
  /** Unix seconds, by this machine's clock. */
  readonly startedAt: number
}

const leastStateLength = 22

async function onlyProvider(place: Place, signal?: AbortSignal): Promise<string> {
  const [only, ...others] = Object.keys(offeredScopes(await place.describe(signal)))
  if (only !== undefined && others.length === 0) return only
  throw new AthError('ARGUMENT_INVALID', {
    message: 'say which provider',
    details: { offered: only === undefined ? [] : [only, ...others] },
  })
}

/** `POST /ath/authorize` (R55). */
export async function startHandshake(
  context: AgentContext,
  clientId: string,
  request: AuthorizeRequest,
): Promise<PendingHandshake> {
  const { scopes, redirectUri, resource, signal } = request
  const state = request.state ?? encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
  if (state.length < leastStateLength)
    throw new AthError('ARGUMENT_INVALID', {
      message: `\`state\` must hold at least 128 random bits: ${leastStateLength} characters or more`,
    })
  if (scopes.length === 0)
    throw new AthError('ARGUMENT_INVALID', { message: 'at least one scope is required' })
  const provider = request.provider ?? (await onlyProvider(context, signal))
  const startedAt = context.clock.now()
  const answer = await ask(context, {
    method: 'POST',
    url: `${context.base}/ath/authorize`,
    body: {
      client_id: clientId,
      agent_attestation: await context.attest(context.base),
      provider_id: provider,
      scopes,
      state,
      ...(redirectUri === undefined ? {} : { user_redirect_uri: redirectUri }),
      ...(resource === undefined ? {} : { resource }),
    },
    read: (value) => readWire(authorizationResponseSchema, value),
    signal,
  })
  // The user's browser goes there: never a `javascript:` or `file:` URL, never in clear over a network.
  const url = requireSecure(new URL(answer.authorization_url), 'the authorization URL')
  return {
    id: answer.ath_session_id,
    authorizationUrl: url.href,
    providerId: provider,
    scopes: [...scopes],
    state,
    ...(redirectUri === undefined ? {} : { redirectUri }),
    startedAt,
  }
}
