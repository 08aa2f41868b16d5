import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { listen, type Listening } from './listen.ts'

export interface OAuthServer extends Listening {
  readonly clientId: string
  readonly clientSecret: string
}

/** A real OpenID provider with its own development pages: log-in with any name, then a question. */
export async function startOAuthServer(
  redirectUri: string,
  scopes: readonly string[],
): Promise<OAuthServer> {
  const server = createServer()
  const listening = await listen(server)
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const client = { clientId: 'subject', clientSecret: 'a-secret-of-this-subject-only' }
  const provider = new Provider(listening.url, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
    cookies: { keys: ['a-cookie-key-of-this-subject'] },
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['openid', 'offline_access', ...scopes],
    pkce: { required: () => true },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: { devInteractions: { enabled: true } },
  })
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  return { ...listening, ...client }
}
