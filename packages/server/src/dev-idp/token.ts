import { createHash, timingSafeEqual } from 'node:crypto'
import { ok, type Result } from '@ath-protocol/types'
import { areResources } from './authorization-request.ts'
import type { Client } from './client.ts'
import { readNames } from './form.ts'
import type { Grant, Grants } from './grant.ts'
import type { IdTokens } from './id-token.ts'
import { type OAuthError, refuse } from './oauth-error.ts'

export interface TokenPorts {
  readonly grants: Grants
  readonly idTokens: IdTokens
  /** Unix seconds. */
  readonly now: () => number
}

/** The token endpoint's answer (RFC 6749 §5.1) to a client that is known. */
export async function exchange(
  client: Client,
  form: URLSearchParams,
  ports: TokenPorts,
): Promise<Result<object, OAuthError>> {
  const type = form.get('grant_type')
  if (type !== 'authorization_code' && type !== 'refresh_token')
    return refuse(
      'unsupported_grant_type',
      '`grant_type` is not authorization_code or refresh_token',
    )
  if (!client.grantTypes.includes(type))
    return refuse('unauthorized_client', `the client did not register for ${type}`)
  return type === 'authorization_code'
    ? exchangeCode(client, form, ports)
    : refresh(client, form, ports)
}

/** One use whatever comes of it; a second one ends what the first gave (RFC 6749 §4.1.2, RFC 9700 §4.5). */
async function exchangeCode(
  client: Client,
  form: URLSearchParams,
  ports: TokenPorts,
): Promise<Result<object, OAuthError>> {
  const code = ports.grants.findCode(form.get('code') ?? '')
  if (!code || code.grant.clientId !== client.clientId)
    return refuse('invalid_grant', 'no such code for this client')
  if (code.used) {
    code.grant.ended = true
    return refuse('invalid_grant', 'the code was used before; what it gave is ended')
  }
  code.used = true
  if (code.expiresAt <= ports.now()) return refuse('invalid_grant', 'the code has expired')
  if (form.get('redirect_uri') !== code.redirectUri)
    return refuse('invalid_grant', '`redirect_uri` is not the one the code was sent to')
  if (!fitsChallenge(form.get('code_verifier') ?? '', code.codeChallenge))
    return refuse('invalid_grant', '`code_verifier` does not belong to the challenge')
  const resources = readTarget(form, code.grant)
  if (!resources.ok) return resources
  const { scopes, nonce } = code.grant
  return ok(await issue(client, code.grant, ports, { scopes, nonce, resources: resources.value }))
}

/** Rotation; a refresh token that comes twice was stolen, so everything ends (RFC 9700 §4.14.2). */
async function refresh(
  client: Client,
  form: URLSearchParams,
  ports: TokenPorts,
): Promise<Result<object, OAuthError>> {
  const token = ports.grants.findToken(form.get('refresh_token') ?? '')
  if (token?.kind !== 'refresh' || token.grant.clientId !== client.clientId)
    return refuse('invalid_grant', 'no such refresh token for this client')
  if (token.used) {
    token.grant.ended = true
    return refuse('invalid_grant', 'the refresh token was used before; everything it gave is ended')
  }
  if (!ports.grants.isLive(token)) return refuse('invalid_grant', 'the permission has ended')
  const { scopes } = token.grant
  const narrower = form.has('scope') ? readNames(form.get('scope')) : scopes
  if (narrower.length === 0 || narrower.some((scope) => !scopes.includes(scope)))
    return refuse('invalid_scope', `the person allowed: ${scopes.join(' ')}`)
  const resources = readTarget(form, token.grant)
  if (!resources.ok) return resources
  // Before anything is waited for: of two at once, the second comes too late.
  token.used = true
  const asked = { scopes: narrower, nonce: undefined, resources: resources.value }
  return ok(await issue(client, token.grant, ports, asked))
}

/** RFC 8707 §2.2: where resources were named to the person, no other comes in later. */
function readTarget(
  form: URLSearchParams,
  { resources }: Grant,
): Result<readonly string[], OAuthError> {
  const named = [...new Set(form.getAll('resource'))]
  if (named.length === 0) return ok(resources)
  return areResources(named) &&
    (resources.length === 0 || named.every((one) => resources.includes(one)))
    ? ok(named)
    : refuse('invalid_target', 'not a resource that was asked for')
}

async function issue(
  client: Client,
  grant: Grant,
  { grants, idTokens }: TokenPorts,
  { scopes, nonce, resources }: Pick<Grant, 'scopes' | 'nonce' | 'resources'>,
): Promise<object> {
  const idToken = scopes.includes('openid') ? await idTokens.sign(grant, nonce) : undefined
  const access = grants.issueToken({ kind: 'access', grant, scopes, resources })
  const fresh = client.grantTypes.includes('refresh_token')
    ? grants.issueToken({
        kind: 'refresh',
        grant,
        scopes: grant.scopes,
        resources: grant.resources,
      })
    : undefined
  return {
    access_token: access.text,
    token_type: 'Bearer',
    expires_in: access.token.expiresAt - access.token.issuedAt,
    scope: scopes.join(' '),
    ...(fresh ? { refresh_token: fresh.text } : {}),
    ...(idToken === undefined ? {} : { id_token: idToken }),
  }
}

/** RFC 7636 §4.6. */
function fitsChallenge(verifier: string, challenge: string): boolean {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false
  const hash = createHash('sha256').update(verifier).digest('base64url')
  return (
    hash.length === challenge.length && timingSafeEqual(Buffer.from(hash), Buffer.from(challenge))
  )
}
