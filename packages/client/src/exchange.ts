import { readWire, type TokenResponse, tokenResponseSchema } from '@ath-protocol/types'
import { type AgentContext, ask, requireCredentials } from './agent-context.ts'
import { AthError } from './ath-error.ts'
import type { PendingHandshake } from './authorize.ts'
import { placeholderCode } from './redirect.ts'
import type { StoredSession } from './stored-session.ts'

/** What an exchange needs to know of its handshake. */
export type Exchangeable = Pick<PendingHandshake, 'id' | 'providerId' | 'scopes'>

interface Expected {
  readonly providerId: string
  readonly scopes: readonly string[]
}

/** `POST /ath/token` (R78). */
export function exchangeToken(
  context: AgentContext,
  handshake: Exchangeable,
  { code = placeholderCode, signal }: { readonly code?: string; readonly signal?: AbortSignal },
): Promise<TokenResponse> {
  const fields = { grant_type: 'authorization_code', code, ath_session_id: handshake.id }
  return askForToken(context, '/ath/token', fields, handshake, signal)
}

/** `POST /ath/token/renew` (extension): the next token of the same grant, never for more than the user agreed to. */
export function renewToken(
  context: AgentContext,
  { accessToken, providerId, scopes, consentedScopes = scopes }: StoredSession,
): Promise<TokenResponse> {
  const expected = { providerId, scopes: consentedScopes }
  return askForToken(context, '/ath/token/renew', { token: accessToken }, expected)
}

/** Sent once and never repeated, with an attestation for this endpoint alone (R37, C5). */
async function askForToken(
  context: AgentContext,
  path: string,
  fields: Readonly<Record<string, string>>,
  expected: Expected,
  signal?: AbortSignal,
): Promise<TokenResponse> {
  const { clientId, clientSecret } = requireCredentials(context)
  const url = `${context.base}${path}`
  const token = await ask(context, {
    method: 'POST',
    url,
    body: {
      ...fields,
      client_id: clientId,
      client_secret: clientSecret,
      agent_attestation: await context.attest(url),
    },
    read: (value) => readWire(tokenResponseSchema, value),
    signal,
  })
  requireMatch(token, context, expected)
  return token
}

/** A token for another agent or provider, or for more than was asked and agreed, is not taken (R44, R83–R87). */
function requireMatch(
  token: TokenResponse,
  { agentId, native }: AgentContext,
  expected: Expected,
): void {
  const { agent_approved, user_consented, effective } = token.scope_intersection
  const granted = token.effective_scopes
  const extra = granted.find(
    (scope) =>
      !expected.scopes.includes(scope) ||
      !agent_approved.includes(scope) ||
      !user_consented.includes(scope),
  )
  const fault =
    token.agent_id !== agentId
      ? 'the token is for another agent'
      : // A service of its own may be asked by another name than it has (C27).
        !native && token.provider_id !== expected.providerId
        ? 'the token is for another provider'
        : extra !== undefined
          ? `the token carries a scope that was not asked and agreed: ${extra}`
          : granted.length === 0 || token.expires_in <= 0
            ? 'the token is good for nothing'
            : effective.length !== granted.length || effective.some((s) => !granted.includes(s))
              ? 'the token contradicts itself about its scopes'
              : undefined
  if (fault !== undefined) throw new AthError('ANSWER_REFUSED', { message: fault })
}
