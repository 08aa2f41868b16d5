import type { Client } from './client.ts'
import type { Grants } from './grant.ts'
import { claimsOf } from './id-token.ts'

/** What a token is worth (RFC 7662 §2.2). A client that registered itself learns of its own tokens only. */
export function introspect(
  client: Client,
  text: string,
  { grants, issuer }: { readonly grants: Grants; readonly issuer: string },
): object {
  const token = grants.findToken(text)
  if (!token || !grants.isLive(token)) return { active: false }
  const { grant, scopes, resources } = token
  if (!client.configured && grant.clientId !== client.clientId) return { active: false }
  return {
    active: true,
    iss: issuer,
    sub: grant.person.id,
    username: grant.person.email,
    client_id: grant.clientId,
    scope: scopes.join(' '),
    token_type: token.kind === 'access' ? 'Bearer' : 'refresh_token',
    iat: token.issuedAt,
    exp: token.expiresAt,
    auth_time: grant.authTime,
    ...(resources.length === 0 ? {} : { aud: resources.length === 1 ? resources[0] : resources }),
  }
}

/** Ends a client's own token; with a refresh token everything that came of the permission (RFC 7009 §2.1). */
export function revoke(client: Client, text: string, grants: Grants): void {
  const token = grants.findToken(text)
  if (token?.grant.clientId !== client.clientId) return
  token.used = true
  if (token.kind === 'refresh') token.grant.ended = true
}

/** What an access token tells of its person (OpenID Connect Core §5.3); undefined when it is none. */
export function userinfo(authorization: string | undefined, grants: Grants): object | undefined {
  const text = /^bearer +([\w-]+)$/i.exec(authorization ?? '')?.[1]
  const token = text === undefined ? undefined : grants.findToken(text)
  return token?.kind === 'access' && grants.isLive(token)
    ? claimsOf(token.grant, token.scopes)
    : undefined
}
