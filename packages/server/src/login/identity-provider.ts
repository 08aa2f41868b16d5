import { errorCode } from '../oauth/failure.ts'
import { createOAuthServers } from '../oauth/oauth-servers.ts'
import { type Clock, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import * as client from 'openid-client'
import type { OAuthProviderSettings } from '../oauth/settings.ts'
import type { LoginSettings } from './settings.ts'
import { plainLine } from '../pages/foreign-text.ts'
import type { Person } from '../ports/logins.ts'
import type { OutboundFetch } from '../oauth/bounded-fetch.ts'

/** What one log-in remembers between the way there and the way back. */
export interface LoginSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** The company's OpenID provider: authorization code with PKCE S256, state, nonce and RFC 9207 `iss`. */
export interface IdentityProvider {
  /** Where to send the browser. `otherAccount` asks for a fresh log-in instead of the one it remembers. */
  begin(
    secrets: LoginSecrets,
    options: { readonly otherAccount: boolean; readonly language: string },
  ): Promise<Result<URL, Failure>>
  complete(query: URLSearchParams, secrets: LoginSecrets): Promise<Result<Authenticated, Failure>>
}

export interface Authenticated {
  readonly person: Omit<Person, 'id'>
  /** When the person last proved who they are, where the provider says (`auth_time`): it may have remembered them. */
  readonly provenAt: number | undefined
}

/** Whoever is asked how old a log-in may be has to say how old it is (OpenID Connect Core §3.1.2.1); nobody logs in anew for it. */
const maxAgeSeconds = 365 * 86_400

export interface IdentityProviderOptions {
  readonly login: Extract<LoginSettings, { kind: 'oidc' }>
  /** Registered at the provider. */
  readonly redirectUri: string
  readonly outbound: OutboundFetch
  readonly clock: Clock
  /** http, for a provider on this machine. Development only. */
  readonly allowLoopbackHttp: boolean
}

/** Asks the provider for its metadata at the first log-in, and again when that failed: the gateway starts without it. */
export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { login, redirectUri } = options
  const { issuer } = login
  const servers = createOAuthServers({
    providers: new Map([['login', clientOf(login)]]),
    fetch: options.outbound,
    clock: options.clock,
    allowInsecureHttp: options.allowLoopbackHttp && isLoopbackHttp(issuer),
  })
  const find = async () => {
    const server = await servers.find('login')
    return server.ok ? ok(server.value.config) : unreachable(server.error)
  }
  return {
    async begin({ state, nonce, codeVerifier }, { otherAccount, language }) {
      const config = await find()
      if (!config.ok) return config
      return ok(
        client.buildAuthorizationUrl(config.value, {
          redirect_uri: redirectUri,
          scope: [...new Set(['openid', ...login.scopes])].join(' '),
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
          ui_locales: language,
          max_age: String(maxAgeSeconds),
          ...(otherAccount ? { prompt: 'login' } : {}),
        }),
      )
    },
    async complete(query, { state, nonce, codeVerifier }) {
      const config = await find()
      if (!config.ok) return config
      const answered = new URL(redirectUri)
      answered.search = query.toString()
      try {
        const tokens = await client.authorizationCodeGrant(config.value, answered, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (!claims) return fail({ reason: 'upstream_oauth', step: 'login', error: 'no_id_token' })
        const shown = shownClaims(claims)
        const person = {
          issuer: claims.iss,
          subject: claims.sub,
          ...(shown.name === undefined || shown.email === undefined
            ? await askUserInfo(config.value, tokens.access_token, claims.sub)
            : {}),
          ...shown,
        }
        return ok({ person, provenAt: claims.auth_time })
      } catch (thrown) {
        const error = errorCode(thrown)
        if (error === 'access_denied') return fail({ reason: 'user_denied' })
        return fail({ reason: 'upstream_oauth', step: 'login', error })
      }
    },
  }
}

const clientOf = ({
  issuer,
  clientId,
  clientSecret,
  clientAuth,
}: IdentityProviderOptions['login']): OAuthProviderSettings => ({
  issuer,
  clientId,
  ...(clientSecret === undefined ? {} : { clientSecret }),
  ...(clientAuth === undefined ? {} : { clientAuth }),
})

const unreachable = (error: Failure) =>
  fail({
    reason: 'dependency_down',
    dependency: 'identity provider',
    cause: error.reason === 'upstream_oauth' ? error.error : error.reason,
  } satisfies Failure)

function isLoopbackHttp(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer)
  return protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

/** For the page to say who is signed in, and for channels to find them; without it the page says the subject. */
async function askUserInfo(config: client.Configuration, accessToken: string, subject: string) {
  if (config.serverMetadata().userinfo_endpoint === undefined) return {}
  try {
    return shownClaims(await client.fetchUserInfo(config, accessToken, subject))
  } catch {
    return {}
  }
}

function shownClaims(claims: Readonly<Record<string, unknown>>): Pick<Person, 'name' | 'email'> {
  const text = (...values: readonly unknown[]) => {
    const found = values.find((value) => typeof value === 'string' && plainLine(value) !== '')
    return typeof found === 'string' ? plainLine(found).slice(0, 320) : undefined
  }
  const name = text(claims['name'], claims['preferred_username'])
  // Questions are sent to this address, and who has it in a chat is taken for this person.
  const email = claims['email_verified'] === false ? undefined : text(claims['email'])
  return { ...(name ? { name } : {}), ...(email ? { email } : {}) }
}
