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

/** The audience of tokens for the customer system, and for the shop. */
export const crmResource = 'https://crm.blueharbour.example/api'
export const shopResource = 'https://shop.blueharbour.example/api'

/** What can be allowed, by scope, and at which of them. */
const scopes: Readonly<
  Record<string, { readonly resource: string; readonly description: string }>
> = {
  'crm.read': { resource: crmResource, description: 'read customers 查看客户' },
  'crm.write': { resource: crmResource, description: 'change customers 修改客户' },
  'products:read': { resource: shopResource, description: 'look at the products 查看商品' },
  'cart:read': { resource: shopResource, description: 'look into your cart 查看购物车' },
  'cart:write': { resource: shopResource, description: 'change your cart 修改购物车' },
  'orders:read': { resource: shopResource, description: 'see your orders 查看订单' },
  'orders:write': {
    resource: shopResource,
    description: 'place orders in your name 以您的名义下单',
  },
}
/** Long enough for a visit. */
const shopTokenSeconds = 300

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
  /** The shop: people sign in to it, and it may ask what a token is worth. */
  readonly shop: IdpClient
  /** Whoever asks for access to the shop in somebody's name. */
  readonly shopAgents: IdpClient
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
  /** The origin that the shop is reached at. */
  readonly shopUrl: string
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
  const shop = client('shop')
  const shopAgents = client('shop-agents')
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
      ...configure(options, { loginClient, crmClient, crmApi, shop, shopAgents }, errors, agents),
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
    shop,
    shopAgents,
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
  clients: Pick<Idp, 'loginClient' | 'crmClient' | 'crmApi' | 'shop' | 'shopAgents'>,
  errors: Pick<typeof import('oidc-provider').errors, 'InvalidTarget'>,
  agents: OidcProviderAgents,
): Configuration {
  const { loginClient, crmClient, crmApi, shop, shopAgents } = clients
  /** Signing in to what is the company's own needs no consent. */
  const ownLogins = [loginClient.clientId, shop.clientId, shopAgents.clientId]
  /** What a client may ask tokens for. */
  const resourceOf: Readonly<Record<string, string>> = {
    [crmClient.clientId]: crmResource,
    [shopAgents.clientId]: shopResource,
  }
  /** What a client may use; an agent that registered as such uses the customer system. */
  const resourceFor = (asking: Client) =>
    resourceOf[asking.clientId] ??
    (agents.agentOf(asking.metadata()) === undefined ? undefined : crmResource)
  const confidential = ({ clientId, clientSecret }: IdpClient) => ({
    client_id: clientId,
    client_secret: clientSecret,
    token_endpoint_auth_method: 'client_secret_basic' as const,
  })
  /** Whose tokens a system may ask about. */
  const audienceOf: Readonly<Record<string, string>> = {
    [crmApi.clientId]: crmResource,
    [shop.clientId]: shopResource,
  }
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
      {
        ...confidential(shop),
        client_name: 'Blue Harbour shop 蓝港商店',
        redirect_uris: [`${options.shopUrl}/sign-in/callback`],
      },
      {
        ...confidential(shopAgents),
        client_name: 'Agents in the Blue Harbour shop 蓝港商店的智能体',
        redirect_uris: [`${options.shopUrl}/ath/callback`, `${options.shopUrl}/ath/login/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
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
        // Each system learns of the tokens for itself, and of no others.
        allowedPolicy: (_, { clientId }, token) =>
          'aud' in token && token.aud !== undefined && token.aud === audienceOf[clientId],
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_, client, oneOf) => oneOf?.[0] ?? resourceFor(client),
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource, client) => {
          if (resource !== resourceFor(client)) throw new errors.InvalidTarget()
          const isCrm = resource === crmResource
          return {
            scope: Object.keys(scopes)
              .filter((scope) => scopes[scope]?.resource === resource)
              .join(' '),
            accessTokenFormat: 'opaque',
            accessTokenTTL: isCrm ? (options.accessTokenSeconds ?? 5) : shopTokenSeconds,
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
    // Every client but the company's own log-ins is asked about, and only finds what was given to it.
    loadExistingGrant: async (context) => {
      const { client, session, provider, result, requestParamScopes } = context.oidc
      if (!client || !session?.accountId) return undefined
      const asksNothing = ![...requestParamScopes].some((scope) => scopes[scope])
      const signsIn = ownLogins.includes(client.clientId) && asksNothing
      const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId)
      if (grantId && !signsIn) return provider.Grant.find(grantId)
      if (!signsIn) return undefined
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
    .flatMap((name) => (scopes[name] ? [{ name, ...scopes[name] }] : []))
  // An agent that said what it will ask for is held to it.
  const offered = asked.filter(({ name }) => !agent || agent.capabilities.includes(name))
  if (!form) {
    const personName = people[accountId] ?? accountId
    return sendPage(
      response,
      200,
      consentPage({ action, clientName, agent, personName, scopes: offered }),
    )
  }
  if (form.get('answer') !== 'allow')
    return finish({ error: 'access_denied', error_description: 'the user said no' })
  // A grant of its own for every consent: ending one never ends another.
  const grant = new provider.Grant({ accountId, clientId })
  const given = form.getAll('scope')
  grant.addOIDCScope('openid offline_access profile email')
  for (const { name, resource } of asked)
    if (offered.some((scope) => scope.name === name) && given.includes(name))
      grant.addResourceScope(resource, name)
    else grant.rejectResourceScope(resource, name)
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
