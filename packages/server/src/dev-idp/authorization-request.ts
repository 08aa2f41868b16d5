import { fail, ok, resourceSchema, type Result } from '@ath-protocol/types'
import type { Client, FindClient } from './client.ts'
import { readNames, repeatedParameter } from './form.ts'
import { identityScopes } from './scope.ts'

/** A request to authorize that may be put to a person. */
export interface AuthorizationRequest {
  readonly client: Client
  readonly redirectUri: string
  readonly state: string | undefined
  readonly nonce: string | undefined
  readonly codeChallenge: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly loginHint: string | undefined
}

/** Nobody may be sent anywhere: the person is told. */
interface ShownFault {
  readonly kind: 'client_unknown' | 'redirect_unknown' | 'repeated'
}

/** The client is told, at its own redirect URI. */
interface SentFault {
  readonly kind: 'sent'
  readonly redirectUri: string
  readonly state: string | undefined
  readonly error: string
  readonly description: string
}

export type AuthorizationFault = ShownFault | SentFault

/**
 * Checks a request to authorize (RFC 6749 §4.1.1, RFC 7636, RFC 8707, OpenID Connect Core §3.1.2). Until the redirect
 * URI is known to be the client's own, nothing is sent there (RFC 9700 §4.11).
 */
export function readAuthorizationRequest(
  parameters: URLSearchParams,
  find: FindClient,
  knownScopes: readonly string[],
): Result<AuthorizationRequest, AuthorizationFault> {
  const client = find(parameters.get('client_id') ?? '')
  if (!client) return fail({ kind: 'client_unknown' })
  const redirectUri = parameters.get('redirect_uri') ?? ''
  if (!client.redirectUris.includes(redirectUri)) return fail({ kind: 'redirect_unknown' })
  const repeated = repeatedParameter(parameters)
  if (repeated !== undefined && ['client_id', 'redirect_uri', 'state'].includes(repeated))
    return fail({ kind: 'repeated' })
  const state = parameters.get('state') ?? undefined
  const send = (error: string, description: string) =>
    fail<AuthorizationFault>({ kind: 'sent', redirectUri, state, error, description })
  if (repeated !== undefined)
    return send('invalid_request', `\`${repeated}\` is sent more than once`)

  const wrong = checkForm(parameters)
  if (wrong) return send(...wrong)
  const scopes = readNames(parameters.get('scope'))
  const unknown = scopes.find((scope) => !knownScopes.includes(scope))
  if (unknown !== undefined)
    return send(
      'invalid_scope',
      `no scope \`${unknown}\` here; there are: ${knownScopes.join(' ')}`,
    )
  const beyond = scopes.find((scope) => !mayAsk(client, scope))
  if (beyond !== undefined)
    return send('invalid_scope', `the client did not name \`${beyond}\` when it registered`)
  if (scopes.length === 0) return send('invalid_scope', 'name at least one scope')
  const resources = [...new Set(parameters.getAll('resource'))]
  if (!areResources(resources))
    return send('invalid_target', 'not an absolute URI without fragment')
  return ok({
    client,
    redirectUri,
    state,
    nonce: parameters.get('nonce') ?? undefined,
    codeChallenge: parameters.get('code_challenge') ?? '',
    scopes,
    resources,
    loginHint: parameters.get('login_hint') ?? undefined,
  })
}

/** Everybody may be asked who they are; for the rest a client that named its scopes is held to them. */
const mayAsk = ({ mostScopes }: Client, scope: string) =>
  mostScopes === undefined ||
  mostScopes.includes(scope) ||
  (identityScopes as readonly string[]).includes(scope)

export const areResources = (resources: readonly string[]): boolean =>
  resources.length <= 10 && resources.every((text) => resourceSchema.safeParse(text).success)

/** The person is asked anew each time, which is all that any other `prompt` or `max_age` could want. */
const prompts: readonly string[] = ['login', 'consent', 'select_account']

function checkForm(
  parameters: URLSearchParams,
): readonly [error: string, description: string] | undefined {
  for (const name of ['request', 'request_uri'])
    if (parameters.has(name)) return [`${name}_not_supported`, `\`${name}\` is not supported`]
  if (parameters.get('response_type') !== 'code')
    return ['unsupported_response_type', '`response_type` is not `code`']
  if ((parameters.get('response_mode') ?? 'query') !== 'query')
    return ['invalid_request', '`response_mode` is not `query`']
  if (parameters.get('code_challenge_method') !== 'S256')
    return ['invalid_request', 'PKCE is required: `code_challenge_method` is not `S256`']
  if (!/^[\w-]{43}$/.test(parameters.get('code_challenge') ?? ''))
    return ['invalid_request', 'PKCE is required: `code_challenge` is not a SHA-256']
  if (!/^\d{0,9}$/.test(parameters.get('max_age') ?? ''))
    return ['invalid_request', '`max_age` is not a number of seconds']
  const asked = readNames(parameters.get('prompt'))
  if (asked.length === 1 && asked[0] === 'none')
    return ['login_required', 'the development log-in always asks']
  if (asked.some((prompt) => !prompts.includes(prompt)))
    return ['invalid_request', `\`prompt\` is not among: ${prompts.join(' ')}`]
  return undefined
}
