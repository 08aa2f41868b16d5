import { consentedScopes } from '@ath-protocol/types'
import type { ProviderTokens } from '../ports/provider-tokens.ts'

/** Longer than any honest token; bounds what is stored and what a request header carries. */
const maxTokenLength = 16 * 1024

/**
 * Makes a token endpoint's 200 answer fit for strict reading. An `error` under 200 (a known habit of plain OAuth 2.0
 * servers) becomes the 400 it should have been, an answer that is not declared as JSON loses its body, and an ID
 * token that nobody can check is not even read.
 */
export async function normalizeTokenAnswer(
  response: Response,
  options: { readonly checksIdTokens: boolean },
): Promise<Response> {
  if (response.status !== 200) return response
  const { headers } = response
  const mediaType = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!/^application\/([\w.-]+\+)?json$/.test(mediaType))
    return new Response(null, { status: 200, headers })
  const text = await response.text()
  const answer = parseObject(text)
  if (!answer) return new Response(text, { status: 200, headers })
  if (typeof answer['error'] === 'string' && answer['access_token'] === undefined)
    return new Response(text, { status: 400, headers })
  if (!options.checksIdTokens) delete answer['id_token']
  return new Response(JSON.stringify(answer), { status: 200, headers })
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The members of a token answer that count here, after the OAuth library checked their types. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: string
  readonly refresh_token?: string | undefined
  readonly expires_in?: number | undefined
  readonly scope?: string | undefined
}

/**
 * Turns an answer into what is stored, or says why it is unfit. Only bearer tokens of visible ASCII are taken
 * (RFC 6750 §2.1): anything else could not be sent on, or could smuggle a header.
 */
export function readTokens(
  answer: TokenAnswer,
  asked: {
    readonly scopes: readonly string[]
    readonly resource: string | undefined
    readonly now: number
  },
): ProviderTokens | 'unsupported_token_type' | 'unreadable_token' {
  if (answer.token_type.toLowerCase() !== 'bearer') return 'unsupported_token_type'
  const { access_token: accessToken, refresh_token: refreshToken } = answer
  if (!isSendable(accessToken) || (refreshToken !== undefined && !isSendable(refreshToken)))
    return 'unreadable_token'
  return {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(answer.expires_in === undefined
      ? {}
      : { expiresAt: Math.floor(asked.now + answer.expires_in) }),
    scopes: consentedScopes(answer.scope, asked.scopes),
    ...(asked.resource === undefined ? {} : { resource: asked.resource }),
  }
}

const isSendable = (token: string) => token.length <= maxTokenLength && /^[\x21-\x7e]+$/.test(token)
