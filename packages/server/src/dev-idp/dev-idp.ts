import { foreign } from '../pages/foreign-text.ts'
import { html } from '../pages/html.ts'
import { chooseLanguage } from '../pages/messages/language.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import { createAuthorize } from './authorize.ts'
import { authenticateClient, type Client, configuredClient } from './client.ts'
import { createExpiringMap } from './expiring-map.ts'
import { readOnce } from './form.ts'
import { createGrants } from './grant.ts'
import { createIdTokens } from './id-token.ts'
import { metadataOf, paths } from './metadata.ts'
import { answerError, answerOrError } from './oauth-error.ts'
import { stoppedPage } from './page.ts'
import { registerClient } from './register.ts'
import { scopeNames } from './scope.ts'
import { checkSettings, defaultPeople, type DevIdpOptions } from './settings.ts'
import { texts } from './texts.ts'
import { exchange } from './token.ts'
import { introspect, revoke, userinfo } from './token-answers.ts'

/** An OAuth 2.0 and OpenID Connect server for development, mounted inside an app. */
export interface DevIdp {
  readonly issuer: string
  /** Answers the calls below the issuer's path, and for its metadata; undefined for every other. */
  handle(call: AthCall): Promise<AthAnswer | undefined>
}

type Handle = (call: AthCall) => AthAnswer | Promise<AthAnswer>

const mostRegistered = 1000
const registeredSeconds = 30 * 86_400

/**
 * Lets a developer be anybody, without passwords, and asks what the client may do: code flow with PKCE S256, exact
 * redirect URIs, rotation, RFC 7009, 7591, 7662, 8414, 8707 and 9207. Everything is in memory and bounded.
 * Throws in production, and at an issuer that others could reach.
 */
export function createDevIdp(options: DevIdpOptions): DevIdp {
  const issuer = checkSettings(options)
  const { clock, random, scopes = [] } = options
  const registered = createExpiringMap<Client>(clock, mostRegistered)
  const configured = new Map(
    options.clients.map((client) => [client.clientId, configuredClient(client)]),
  )
  const findClient = (id: string) => configured.get(id) ?? registered.get(id)
  const accessTokenSeconds = options.accessTokenSeconds ?? 3600
  const grants = createGrants({ clock, random, accessTokenSeconds })
  const idTokens = createIdTokens({ issuer: issuer.href, clock, random })
  const people = options.people ?? defaultPeople
  const authorize = createAuthorize({ issuer, people, scopes, findClient, grants, clock, random })
  const metadata = metadataOf(issuer.href, scopeNames(scopes))

  /** An endpoint for clients that say who they are. */
  const forClients =
    (answer: (client: Client, form: URLSearchParams) => AthAnswer | Promise<AthAnswer>): Handle =>
    (call) => {
      const form = readOnce(call)
      if (!form.ok) return answerError(form.error)
      const client = authenticateClient(call, form.value, findClient)
      return client.ok ? answer(client.value, form.value) : answerError(client.error)
    }
  const forPeople =
    (answer: (call: AthCall) => AthAnswer): Handle =>
    (call) =>
      elsewhere(call, issuer) ?? answer(call)
  const tellPerson: Handle = ({ headers }) => {
    const person = userinfo(headers['authorization'], grants)
    const description = 'no such access token, or it has ended'
    return person ? jsonAnswer(200, person) : answerError({ error: 'invalid_token', description })
  }
  const tellMetadata: Handle = () => jsonAnswer(200, metadata)
  const ask = forPeople(authorize.ask)

  const routes: Readonly<Record<string, Readonly<Record<string, Handle>>>> = {
    [`/.well-known/oauth-authorization-server${issuer.pathname}`]: { GET: tellMetadata },
    [issuer.pathname + paths.openid]: { GET: tellMetadata },
    [issuer.pathname + paths.jwks]: { GET: async () => jsonAnswer(200, await idTokens.keySet()) },
    [issuer.pathname + paths.authorize]: { GET: ask, POST: ask },
    [issuer.pathname + paths.decide]: { POST: forPeople(authorize.decide) },
    [issuer.pathname + paths.token]: {
      POST: forClients(async (client, form) =>
        answerOrError(
          await exchange(client, form, { grants, idTokens, now: () => clock.now() }),
          (tokens) => jsonAnswer(200, tokens),
        ),
      ),
    },
    [issuer.pathname + paths.userinfo]: { GET: tellPerson, POST: tellPerson },
    [issuer.pathname + paths.introspect]: {
      POST: forClients((client, form) =>
        client.secretHash === undefined
          ? answerError({ error: 'invalid_client', description: 'a client secret is needed here' })
          : jsonAnswer(
              200,
              introspect(client, form.get('token') ?? '', { grants, issuer: issuer.href }),
            ),
      ),
    },
    [issuer.pathname + paths.revoke]: {
      POST: forClients((client, form) => {
        revoke(client, form.get('token') ?? '', grants)
        return jsonAnswer(200, {})
      }),
    },
    [issuer.pathname + paths.register]: {
      POST: async (call) => {
        const body = call.headers['content-type'] === undefined ? undefined : readBody(call)
        if (!body?.ok)
          return answerError({
            error: 'invalid_client_metadata',
            description: 'send a JSON object',
          })
        const result = await registerClient(body.value, {
          audience: issuer.href,
          allowLoopbackHttp: true,
          ...(options.attestations ? { attestations: options.attestations } : {}),
          random,
          now: clock.now(),
        })
        return answerOrError(result, ({ client, answer }) => {
          registered.set(client.clientId, client, clock.now() + registeredSeconds)
          return jsonAnswer(201, answer)
        })
      },
    },
  }

  return {
    issuer: issuer.href,
    async handle(call) {
      const route = Object.hasOwn(routes, call.path) ? routes[call.path] : undefined
      if (!route)
        return call.path.startsWith(`${issuer.pathname}/`)
          ? jsonAnswer(404, { error: 'not_found' })
          : undefined
      const handle = Object.hasOwn(route, call.method) ? route[call.method] : undefined
      const allow = Object.keys(route).join(', ')
      return handle ? handle(call) : jsonAnswer(405, { error: 'method_not_allowed' }, { allow })
    },
  }
}

/** A name that was rebound to this machine would let its site read and answer the pages (DNS rebinding). */
function elsewhere(call: AthCall, issuer: URL): AthAnswer | undefined {
  const host = call.headers['host']
  if (host === undefined || host.toLowerCase() === issuer.host) return undefined
  const language = chooseLanguage(call)
  return stoppedPage(language, 421, html`${texts[language].other_host} ${foreign(issuer.origin)}`)
}
