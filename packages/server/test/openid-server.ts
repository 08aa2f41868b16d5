import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createTestKey } from '@sallyport/testing'
import { Provider, type ClientMetadata } from 'oidc-provider'

export const resource = 'https://api.example.com/crm'

/** A real OpenID provider (oidc-provider) on loopback, in which the user `alice` is signed in and agrees at once. */
export interface OpenIdServer {
  readonly issuer: string
  /** Every request it got at its token endpoint. */
  readonly tokenRequests: { readonly contentType: string; readonly authorization: string }[]
  readonly provider: Provider
}

export async function startOpenIdServer(
  t: TestContext,
  client: Partial<ClientMetadata> & { redirect_uris: string[] },
): Promise<OpenIdServer> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const key = await createTestKey('op-key')
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...key.privateJwk }] },
    cookies: { keys: ['cookie-key-of-this-test'] },
    clients: [
      {
        client_id: 'gateway',
        client_secret: 'gateway-secret-of-this-test',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
        ...client,
      } as ClientMetadata,
    ],
    scopes: ['openid', 'offline_access', 'profile', 'crm:read', 'crm:write'],
    claims: { openid: ['sub'], profile: ['name'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, _client, code) => code.scopes.has('offline_access'),
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: 'Alice Example' }),
    }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'crm:read crm:write',
          audience: resource,
          accessTokenFormat: 'opaque',
        }),
      },
    },
  })
  const tokenRequests: OpenIdServer['tokenRequests'][number][] = []
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/token')
      tokenRequests.push({
        contentType: request.headers['content-type'] ?? '',
        authorization: request.headers.authorization ?? '',
      })
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response)
    agree(provider, request, response)
      .then((result) => provider.interactionFinished(request, response, result))
      .catch((cause: unknown) => response.writeHead(500).end(String(cause)))
  })
  return { issuer, tokenRequests, provider }

  async function agree(op: Provider, request: IncomingMessage, response: ServerResponse) {
    const { params } = await op.interactionDetails(request, response)
    const grant = new op.Grant({ accountId: 'alice', clientId: String(params['client_id']) })
    const scope = typeof params['scope'] === 'string' ? params['scope'] : ''
    grant.addOIDCScope(scope)
    if (typeof params['resource'] === 'string') grant.addResourceScope(params['resource'], scope)
    return { login: { accountId: 'alice' }, consent: { grantId: await grant.save() } }
  }
}

/** Follows redirects as a browser does, cookies included, until one leads to the callback; gives the callback's query. */
export async function visit(url: URL, callbackUrl: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>()
  let at = url
  for (let hop = 0; hop < 10; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(at, { redirect: 'manual', headers: { cookie } })
    const body = await response.text()
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]?.split('=', 2) ?? []
      if (name !== undefined) cookies.set(name, value ?? '')
    }
    const location = response.headers.get('location')
    if (location === null) throw new Error(`no redirect at ${at.pathname}: ${body}`)
    at = new URL(location, at)
    if (at.href.startsWith(`${callbackUrl}?`)) return at.searchParams
  }
  throw new Error('too many redirects')
}
