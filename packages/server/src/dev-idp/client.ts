import { ok, type Result } from '@ath-protocol/types'
import type { AgentClient } from '../agent-client/agent-client.ts'
import { hashSecret, matchesHash } from '../secret/hash.ts'
import type { AthCall } from '../wire/http.ts'
import { type OAuthError, refuse } from './oauth-error.ts'
import type { DevIdpClient } from './settings.ts'

export const authMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const
export type AuthMethod = (typeof authMethods)[number]

export const grantTypes = ['authorization_code', 'refresh_token'] as const
export type GrantType = (typeof grantTypes)[number]

/** A client as the server knows it. */
export interface Client {
  readonly clientId: string
  /** As it was sent, for people: escape it. */
  readonly name?: string
  readonly secretHash?: string
  readonly authMethods: readonly AuthMethod[]
  readonly redirectUris: readonly string[]
  readonly grantTypes: readonly GrantType[]
  /** The only scopes that it may ask for; absent when it may ask for all. */
  readonly mostScopes?: readonly string[]
  readonly agent?: AgentClient
  /** It stands in the configuration, and so may ask what any token is worth. */
  readonly configured: boolean
}

export function configuredClient(client: DevIdpClient): Client {
  return {
    clientId: client.clientId,
    name: client.name,
    ...(client.clientSecret === undefined ? {} : { secretHash: hashSecret(client.clientSecret) }),
    authMethods:
      client.clientSecret === undefined ? ['none'] : ['client_secret_basic', 'client_secret_post'],
    redirectUris: client.redirectUris,
    grantTypes,
    configured: true,
  }
}

export type FindClient = (clientId: string) => Client | undefined

/** Who calls (RFC 6749 §2.3): by Basic, by the form, or a public client by its id alone. */
export function authenticateClient(
  call: AthCall,
  form: URLSearchParams,
  find: FindClient,
): Result<Client, OAuthError> {
  const header = call.headers['authorization']
  const posted = form.get('client_secret')
  if (header !== undefined && posted !== null)
    return refuse('invalid_request', 'the client authenticates in two ways at once')
  const basic = header === undefined ? undefined : readBasic(header)
  if (header !== undefined && !basic)
    return refuse('invalid_client', 'the Authorization header is not Basic with id and secret')
  const clientId = basic?.clientId ?? form.get('client_id') ?? ''
  if (basic && form.has('client_id') && form.get('client_id') !== clientId)
    return refuse('invalid_request', '`client_id` differs from the Authorization header')
  const secret = basic?.secret ?? posted ?? undefined
  const method = basic ? 'client_secret_basic' : posted === null ? 'none' : 'client_secret_post'
  const client = find(clientId)
  if (!client) return refuse('invalid_client', 'no such client')
  if (!client.authMethods.includes(method))
    return refuse(
      'invalid_client',
      `this client authenticates by ${client.authMethods.join(' or ')}`,
    )
  if (method !== 'none' && !matchesHash(secret ?? '', client.secretHash ?? ''))
    return refuse('invalid_client', 'wrong client secret')
  return ok(client)
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
function readBasic(
  header: string,
): { readonly clientId: string; readonly secret: string } | undefined {
  const encoded = /^basic ([A-Za-z0-9+/=]+)$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '))
    return { clientId: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) }
  } catch {
    return undefined
  }
}
