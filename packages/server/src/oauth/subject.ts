import { ok, type Failure, type Result } from '@ath-protocol/types'
import * as client from 'openid-client'
import type { Completed } from '../ports/oauth.ts'
import { upstreamFailure } from './failure.ts'
import type { OAuthServer } from './oauth-servers.ts'

type Subject = NonNullable<Completed['subject']>
type Answer = Awaited<ReturnType<typeof client.authorizationCodeGrant>>

/**
 * Who the user is at the upstream (C24): the checked ID token's `sub`, else what userinfo says, else nobody. Userinfo
 * that is configured but fails is a failure: a user under another name than last time would be worse.
 */
export async function readSubject(
  server: OAuthServer,
  answer: Answer,
): Promise<Result<Subject | undefined, Failure>> {
  const { issuer, userinfo_endpoint: userinfo } = server.config.serverMetadata()
  const claims = server.checksIdTokens ? answer.claims() : undefined
  if (claims) return ok({ issuer, subject: claims.sub, ...shownClaims(claims) })
  if (userinfo === undefined) return ok(undefined)
  // A discovered userinfo endpoint answers to `openid` only; one that the operator named is there to be asked.
  const openid = answer.scope?.split(' ').includes('openid') ?? false
  if (server.settings.userinfoEndpoint === undefined && !openid) return ok(undefined)
  const response = await client.fetchProtectedResource(
    server.config,
    answer.access_token,
    new URL(userinfo),
    'GET',
    null,
    new Headers({ accept: 'application/json' }),
  )
  if (response.status !== 200) return upstreamFailure('userinfo', `status_${response.status}`)
  const body = (await response.json().catch(() => undefined)) as unknown
  if (typeof body !== 'object' || body === null)
    return upstreamFailure('userinfo', 'response_is_not_json')
  const subject = readName(body as Record<string, unknown>, server.settings.userinfoSubject)
  if (subject === undefined) return upstreamFailure('userinfo', 'no_subject')
  return ok({ issuer, subject, ...shownClaims(body as Record<string, unknown>) })
}

/** OpenID says `sub`; many plain OAuth 2.0 servers say `id`, often as a number. */
function readName(body: Record<string, unknown>, field: string | undefined): string | undefined {
  const value = field === undefined ? (body['sub'] ?? body['id']) : body[field]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : undefined
}

/** For display only: nothing is decided by a name or a mail address. */
function shownClaims(claims: Record<string, unknown>): Pick<Subject, 'name' | 'email'> {
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' && value.length <= 320 ? value : undefined
  const name = text(claims['name'])
  const email = text(claims['email'])
  return { ...(name ? { name } : {}), ...(email ? { email } : {}) }
}
