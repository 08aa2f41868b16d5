import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Client, Configuration, JWK } from 'oidc-provider'
import type Provider from 'oidc-provider'
import {
  createAgentVerifier,
  createOidcProviderAgents,
  type OidcProviderAgents,
} from '@ath-protocol/server'
import { consentPage, loginPage, messagePage } from './idp-pages.ts'
import { createIdpStore } from './idp-store.ts'
import { listenOnLoopback, readBody } from './listen.ts'

/** People of the company. Their password is their name: this is a demo. */
export const people: Readonly<Record<string, string>> = {
  wang: '王晓 Wang Xiao',
  li: '李敏 Li Min',
  chen: '陈刚 Chen Gang',
  zhou: '周宁 Zhou Ning',
}

/** The audience of tokens for the customer system. */
export const crmResource = 'https://crm.blueharbour.example/api'
const crmScopes: Readonly<Record<string, string>> = {
  'crm.read': 'read customers 查看客户',
  'crm.write': 'change customers 修改客户',
}

export interface IdpClient {
  readonly clientId: string
  readonly clientSecret: string
}

export interface Idp {
  readonly issuer: string
  /** The company log-in of the gateway's pages. */
  readonly loginClient: IdpClient
  /** The gateway as a client of the customer system's OAuth. */
  readonly crmClient: IdpClient
  /** The customer system itself, which may ask what a token is worth. */
  readonly crmApi: IdpClient
  /** Access tokens issued for a refresh token. */
  refreshes(): number
  /** Revocation requests (RFC 7009) that ended something. */
  revocations(): number
  close(): Promise<void>
}

interface IdpOptions {
  /** The gateway's exact redirect URIs. */
  readonly loginRedirectUri: string
  readonly crmRedirectUri: string
  /** How long the customer system's access tokens live. Default 5, so that a refresh can be watched. */
  readonly accessTokenSeconds?: number
}

/** The company's OpenID provider and OAuth server: a real one, with its own log-in and consent pages. */
export async function startIdp(options: IdpOptions): Promise<Idp> {
  const client = (clientId: string): IdpClient => ({
    clientId,
    clientSecret: randomBytes(24).toString('base64url'),
  })
  const loginClient = client('sallyport-login')
  const crmClient = client('sallyport-crm')
  const crmApi = client('crm-api')
  const { privateKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['sign', 'verify'],
  )
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', privateKey)
  const signingKey = { kty, crv, x, y, d, alg: 'ES256', use: 'sig' } as JWK
  let refreshes = 0
  let revocations = 0

  const { Provider, errors } = await loadLibrary()
  const attestations = createAgentVerifier({ allowLoopbackHttp: true })
  const system = await listenOnLoopback((issuer) => {
    const agents = createOidcProviderAgents({
      errors,
      attestations,
      audience: issuer,
      allowLoopbackHttp: true,
    })
    const provider = new Provider(issuer, {
      ...configure(options, { loginClient, crmClient, crmApi }, errors, agents),
      jwks: { keys: [signingKey] },
    })
    provider.on('grant.success', (context) => {
      if (context.oidc.params?.['grant_type'] === 'refresh_token') refreshes++
    })
    provider.on('grant.revoked', () => {
      revocations++
    })
    const serve = provider.callback()
    return (request, response) =>
      request.url?.startsWith('/interaction/')
        ? interact({ provider, agents }, request, response)
        : serve(request, response)
  })
  return {
    issuer: system.origin,
    loginClient,
    crmClient,
    crmApi,
    refreshes: () => refreshes,
    revocations: () => revocations,
    close: system.close,
  }
}

/** The library warns at import on every Node release without an LTS name; the pages of a demo need not say so. */
async function loadLibrary(): Promise<typeof import('oidc-provider')> {
  const { warn } = console
  console.warn = () => undefined
  try {
    return await import('oidc-provider')
  } finally {
    console.warn = warn
  }
}

function configure(
  options: IdpOptions,
  clients: { readonly [name in 'loginClient' | 'crmClient' | 'crmApi']: IdpClient },
  errors: Pick<typeof import('oidc-provider').errors, 'InvalidTarget'>,
  agents: OidcProviderAgents,
): Configuration {
  const { loginClient, crmClient, crmApi } = clients
  /** The customer system is for its gateway, and for agents that registered as such. */
  const mayUseCrm = (asking: Client) =>
    asking.clientId === crmClient.clientId || agents.agentOf(asking.metadata()) !== undefined
  const confidential = ({ clientId, clientSecret }: IdpClient) => ({
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic' as const,
  })
  return {
    adapter: createIdpStore(),
    clients: [
      {
        ...confidential(loginClient),
        client_name: 'Sallyport',
        redirect_uris: [options.loginRedirectUri],
      },
      {
        ...confidential(crmClient),
        client_name: 'Sallyport gateway',
        redirect_uris: [options.crmRedirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
      },
      {
        ...confidential(crmApi),
        client_name: 'CRM',
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    extraClientMetadata: agents.extraClientMetadata,
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: (_, token) => token.resourceServer?.accessTokenTTL ?? 300,
      IdToken: 300,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 28_800,
      Interaction: 600,
    },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, ...agents.registration },
      revocation: {
        enabled: true,
        allowedPolicy: (_, client, token) => token.clientId === client.clientId,
      },
      introspection: {
        enabled: true,
        allowedPolicy: (_, client) => client.clientId === crmApi.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_, client, oneOf) =>
          oneOf?.[0] ?? (mayUseCrm(client) ? crmResource : undefined),
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource, client) => {
          if (resource !== crmResource || !mayUseCrm(client)) throw new errors.InvalidTarget()
          return {
            scope: Object.keys(crmScopes).join(' '),
            accessTokenFormat: 'opaque',
            accessTokenTTL: options.accessTokenSeconds ?? 5,
          }
        },
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) =>
      people[id] === undefined
        ? undefined
        : {
            accountId: id,
            claims: () => ({
              sub: id,
              name: people[id],
              preferred_username: id,
              email: `${id}@blueharbour.example`,
            }),
          },
    // The company's own log-in needs no consent; every other client is asked about, and only finds what was given to it.
    loadExistingGrant: async (context) => {
      const { client, session, provider, result } = context.oidc
      if (!client || !session?.accountId) return undefined
      const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId)
      if (grantId) return provider.Grant.find(grantId)
      if (client.clientId !== loginClient.clientId) return undefined
      const grant = new provider.Grant({
        clientId: client.clientId,
        accountId: session.accountId,
      })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
    renderError: (context, out) => {
      context.type = 'html'
      context.body = messagePage(out.error, out.error_description ?? 'This did not work.')
    },
  }
}

/** The pages between a request to authorize and its answer: who are you, and do you allow it. */
async function interact(
  { provider, agents }: { readonly provider: Provider; readonly agents: OidcProviderAgents },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response).catch(() => undefined)
  if (!details || details.uid !== /^\/interaction\/([\w-]+)$/.exec(request.url ?? '')?.[1])
    return sendPage(response, 400, messagePage('Too late 已过期', 'Start again. 请重新开始。'))
  const clientId = paramText(details.params['client_id'])
  const client = await provider.Client.find(clientId)
  const agent = agents.agentOf(client?.metadata())
  const clientName = (agent?.proven ? agent.name : client?.clientName) ?? clientId
  const action = `/interaction/${details.uid}`
  const form = request.method === 'POST' ? new URLSearchParams(await readBody(request)) : undefined
  const finish = (result: Parameters<Provider['interactionFinished']>[2]) =>
    provider.interactionFinished(request, response, result)

  if (details.prompt.name === 'login') {
    const login = form?.get('login') ?? ''
    if (form && people[login] !== undefined && form.get('password') === login)
      return finish({ login: { accountId: login } })
    return sendPage(response, 200, loginPage({ action, clientName, wrong: form !== undefined }))
  }
  const accountId = details.session?.accountId ?? ''
  const asked = paramText(details.params['scope'])
    .split(' ')
    .filter((scope) => crmScopes[scope] !== undefined)
  // An agent that said what it will ask for is held to it.
  const offered = asked.filter((scope) => !agent || agent.capabilities.includes(scope))
  if (!form) {
    const scopes = offered.map((name) => ({ name, description: crmScopes[name] ?? '' }))
    const personName = people[accountId] ?? accountId
    return sendPage(response, 200, consentPage({ action, clientName, agent, personName, scopes }))
  }
  if (form.get('answer') !== 'allow')
    return finish({ error: 'access_denied', error_description: 'the user said no' })
  // A grant of its own for every consent: ending one never ends another.
  const grant = new provider.Grant({ accountId, clientId })
  const given = form.getAll('scope')
  grant.addOIDCScope('openid offline_access profile email')
  for (const scope of asked)
    if (offered.includes(scope) && given.includes(scope)) grant.addResourceScope(crmResource, scope)
    else grant.rejectResourceScope(crmResource, scope)
  return finish({ consent: { grantId: await grant.save() } })
}

const paramText = (value: unknown) => (typeof value === 'string' ? value : '')

function sendPage(response: ServerResponse, status: number, html: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    })
    .end(html)
}
