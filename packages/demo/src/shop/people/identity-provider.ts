import * as oauth from 'openid-client'

export interface IdentityProviderOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** The audience of access tokens for this shop. */
  readonly resource: string
}

/** What the shop keeps between sending somebody to the identity provider and their coming back. */
export interface Checks {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** Who somebody is, and what a token is worth: the identity provider decides both. */
export interface IdentityProvider {
  /** Where to send the browser. `other`: ask who it is, even if somebody is remembered. */
  begin(
    redirectUri: string,
    language: string,
    other: boolean,
  ): Promise<{ readonly url: URL; readonly checks: Checks }>
  /** Throws when the answer is not one to `checks`, or the person said no. */
  complete(answer: URL, checks: Checks): Promise<{ readonly id: string; readonly name: string }>
  /** Asks about every token, every time (RFC 7662): one that was revoked a moment ago is worth nothing. */
  introspect(token: string): Promise<AccessToken | undefined>
}

export interface AccessToken {
  readonly shopperId: string
  readonly clientId: string
  readonly scopes: readonly string[]
}

export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  let found: Promise<oauth.Configuration> | undefined
  /** At the first need, and again when that failed: the shop opens without it. */
  const discover = () => {
    const issuer = new URL(options.issuer)
    found ??= oauth
      .discovery(
        issuer,
        options.clientId,
        { id_token_signed_response_alg: 'ES256' },
        oauth.ClientSecretBasic(options.clientSecret),
        { timeout: 5, execute: issuer.protocol === 'http:' ? [oauth.allowInsecureRequests] : [] },
      )
      .catch((error: unknown) => {
        found = undefined
        throw error
      })
    return found
  }
  return {
    async begin(redirectUri, language, other) {
      const checks = {
        state: oauth.randomState(),
        nonce: oauth.randomNonce(),
        codeVerifier: oauth.randomPKCECodeVerifier(),
      }
      const url = oauth.buildAuthorizationUrl(await discover(), {
        redirect_uri: redirectUri,
        scope: 'openid profile',
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(checks.codeVerifier),
        code_challenge_method: 'S256',
        ui_locales: language,
        ...(other ? { prompt: 'login' } : {}),
      })
      return { url, checks }
    },
    async complete(answer, { state, nonce, codeVerifier }) {
      const tokens = await oauth.authorizationCodeGrant(await discover(), answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (!claims) throw new Error('the identity provider sent no ID token')
      const name = claims['name']
      return { id: claims.sub, name: typeof name === 'string' ? name : claims.sub }
    },
    async introspect(token) {
      const answer = await oauth.tokenIntrospection(await discover(), token)
      const { active, aud, sub, client_id, scope = '' } = answer
      const audiences = Array.isArray(aud) ? aud : [aud]
      if (!active || sub === undefined || !audiences.includes(options.resource)) return undefined
      return { shopperId: sub, clientId: client_id ?? '', scopes: scope.split(' ') }
    },
  }
}
