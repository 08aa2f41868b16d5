import * as oauth from 'openid-client'
import type { Idp, IdpClient } from './idp.ts'
import { createVisitor } from '@sallyport/testing'

/** What an app gets when a person allows it something at the shop: the whole OAuth dance, for tests. */
export async function obtainAppToken(
  idp: Idp,
  request: {
    readonly client: IdpClient
    readonly redirectUri: string
    readonly person: string
    readonly scopes: readonly string[]
  },
): Promise<{ readonly accessToken: string; revoke(): Promise<void> }> {
  const { client, redirectUri, person, scopes } = request
  const config = await oauth.discovery(
    new URL(idp.issuer),
    client.clientId,
    { id_token_signed_response_alg: 'ES256' },
    oauth.ClientSecretBasic(client.clientSecret),
    { execute: [oauth.allowInsecureRequests] },
  )
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
  const url = oauth.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: ['openid', ...scopes].join(' '),
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const visitor = createVisitor(redirectUri)
  let page = await visitor.submit(await visitor.open(url.href), [
    ['login', person],
    ['password', person],
  ])
  if (!page.url.href.startsWith(redirectUri))
    page = await visitor.submit(page, [
      ...scopes.map((scope) => ['scope', scope] as const),
      ['answer', 'allow'],
    ])
  const tokens = await oauth.authorizationCodeGrant(config, page.url, { pkceCodeVerifier })
  return {
    accessToken: tokens.access_token,
    revoke: () => oauth.tokenRevocation(config, tokens.access_token),
  }
}
