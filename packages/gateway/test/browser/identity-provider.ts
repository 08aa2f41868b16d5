import type { Page } from '@sallyport/testing'
import { Provider } from 'oidc-provider'
import { serve } from './serve.ts'

export interface TestIdentityProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  close(): Promise<void>
}

/** A real OpenID provider that lets in whoever types a name. Tokens are ES256 only. */
export async function startIdentityProvider(redirectUri: string): Promise<TestIdentityProvider> {
  const server = await serve()
  const clientId = 'sallyport-login'
  const clientSecret = 'a secret of this test only, long enough'
  const { privateKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign'],
  )
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', privateKey)
  const provider = new Provider(server.url, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ kty, crv, x, y, d, alg: 'ES256', use: 'sig' } as never] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    pkce: { required: () => true },
    cookies: { keys: ['cookie key of this test only'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} Wang`, email: `${id}@example.com` }),
    }),
  })
  const answer = provider.callback()
  server.listen((request, response) => void answer(request, response))
  return { issuer: server.url, clientId, clientSecret, close: server.close }
}

/** Types a name at the provider and agrees to be known here. Ends on the gateway's page. */
export async function signInAtProvider(page: Page, name: string): Promise<void> {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button[type=submit]')
}
