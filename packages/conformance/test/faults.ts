import { randomBytes } from 'node:crypto'
import { agentName } from '../src/agent/agent.ts'
import { type Call, type Fault, json, refusal, type Reply } from './saboteur.ts'

type Members = Record<string, unknown>

const read = (text: string): Members => {
  try {
    return JSON.parse(text) as Members
  } catch {
    return {}
  }
}

const pathOf = ({ path }: Call) => path.split('?')[0] ?? ''
const isRegister = (call: Call) => pathOf(call) === '/ath/agents/register'
const isAuthorize = (call: Call) => pathOf(call) === '/ath/authorize'
const isToken = (call: Call) => pathOf(call) === '/ath/token'
const isRevoke = (call: Call) => pathOf(call) === '/ath/revoke'
const isStatus = (call: Call) => call.method === 'GET' && call.path.startsWith('/ath/agents/')
const isCallback = (call: Call) => pathOf(call) === '/ath/callback'
const isDiscovery = (call: Call) => call.path.startsWith('/.well-known/ath')
const isProxied = (call: Call) =>
  call.path.startsWith('/ath/proxy/') || !/^\/(?:ath|\.well-known|login)(?:\/|$)/.test(pathOf(call))

/** Header and claims of the attestation in a request. */
function attestationOf({ body }: Call): {
  readonly header: Members
  readonly claims: Members
} {
  const jwt = `${read(body)['agent_attestation'] as string}`
  const [header = '', claims = ''] = jwt.split('.')
  const decode = (part: string) => read(Buffer.from(part, 'base64url').toString())
  return { header: decode(header), claims: decode(claims) }
}

const random = () => randomBytes(32).toString('base64url')
const now = () => Date.now() / 1000

/** What each endpoint answers when it is content. */
function content(call: Call): Reply {
  const { agent_id, client_id, provider_id } = read(call.body)
  if (isRegister(call))
    return json(201, {
      client_id: `ath_${random()}`,
      client_secret: `ath_secret_${random()}`,
      agent_status: 'approved',
      approved_providers: [],
      approval_expires: new Date(Date.now() + 1e9).toISOString(),
    })
  if (isAuthorize(call)) {
    const query = new URLSearchParams({
      response_type: 'code',
      state: random(),
      code_challenge: random(),
      code_challenge_method: 'S256',
    })
    return json(200, {
      authorization_url: `http://${call.headers['host']}/ath/authorize/x?${query}`,
      ath_session_id: `ath_sess_${random()}`,
    })
  }
  if (isToken(call))
    return json(200, {
      access_token: `ath_tk_${random()}`,
      token_type: 'Bearer',
      expires_in: 3600,
      effective_scopes: ['crm:read'],
      provider_id,
      agent_id,
    })
  if (isStatus(call))
    return json(200, {
      client_id,
      agent_id: 'https://a.example/.well-known/agent.json',
      agent_status: 'approved',
      approved_providers: [],
      approval_expires: '',
    })
  return json(200, { message: 'as you wish' })
}

type Where = (call: Call) => boolean

/** One rule removed: what is refused because of it is done all the same. */
const lenient = (
  name: string,
  breaks: string,
  where: Where,
  when: (call: Call, reply: Reply) => boolean = () => true,
): Fault => ({
  name,
  breaks: [breaks],
  answer: (reply, call) =>
    where(call) && reply.status >= 400 && when(call, reply) ? content(call) : undefined,
})

/** A rule too many: what is right is refused. */
const strict = (
  name: string,
  breaks: string,
  when: Where,
  status = 400,
  code = 'INVALID_ATTESTATION',
): Fault => ({
  name,
  breaks: [breaks],
  request: (call) => (when(call) ? refusal(status, code) : undefined),
})

/** An answer with other members. */
const rewritten = (
  name: string,
  breaks: string | readonly string[],
  where: Where,
  change: (body: Members) => Members,
  options: Pick<Fault, 'fresh' | 'mode'> = {},
): Fault => ({
  name,
  breaks: [breaks].flat(),
  ...options,
  answer: (reply, call) =>
    where(call) && reply.status < 300
      ? { ...reply, body: JSON.stringify(change(read(reply.body))) }
      : undefined,
})

/** Another status, and perhaps another code. */
const restated = (
  name: string,
  breaks: string,
  when: (call: Call, reply: Reply) => boolean,
  status: number,
  code?: string,
): Fault => ({
  name,
  breaks: [breaks],
  answer: (reply, call) =>
    when(call, reply)
      ? { ...reply, status, body: code === undefined ? reply.body : refusal(status, code).body }
      : undefined,
})

const hasCode = (code: string) => (_call: Call, reply: Reply) => read(reply.body)['code'] === code
const lacks = (member: string) => (call: Call) => !(member in read(call.body))

const without =
  (...names: readonly string[]) =>
  (body: Members): Members =>
    Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)))

const onUrl =
  (change: (url: URL) => void) =>
  (body: Members): Members => {
    const url = new URL(String(body['authorization_url']))
    change(url)
    return { ...body, authorization_url: url.href }
  }

const fresh = { fresh: true } as const
const native = { fresh: true, mode: 'native' } as const

const discovery: readonly Fault[] = [
  {
    name: 'the discovery document comes as plain text',
    breaks: ['discovery-published'],
    fresh: true,
    answer: (reply, call) =>
      isDiscovery(call) ? { ...reply, headers: [['content-type', 'text/plain']] } : undefined,
  },
  rewritten(
    'the version is a word',
    'discovery-version',
    isDiscovery,
    (body) => ({ ...body, ath_version: 'one' }),
    fresh,
  ),
  rewritten(
    'the gateway has no id',
    'discovery-gateway',
    isDiscovery,
    without('gateway_id'),
    fresh,
  ),
  rewritten(
    'providers do not say how they are logged in to',
    'discovery-providers',
    isDiscovery,
    (body) => ({
      ...body,
      supported_providers: (body['supported_providers'] as Members[]).map(without('auth_mode')),
    }),
    fresh,
  ),
  rewritten(
    'the gateway has a bare name',
    'gateway-id',
    isDiscovery,
    (body) => ({ ...body, gateway_id: 'gw' }),
    fresh,
  ),
  rewritten(
    'the app does not say where its API is',
    'discovery-app',
    isDiscovery,
    without('api_base'),
    native,
  ),
  rewritten(
    'the app speaks another OAuth',
    'discovery-app-auth',
    isDiscovery,
    (body) => ({ ...body, auth: { ...(body['auth'] as Members), type: 'oauth1' } }),
    native,
  ),
  rewritten(
    'the app is named by a word',
    'app-id-form',
    isDiscovery,
    (body) => ({ ...body, app_id: 'the shop' }),
    native,
  ),
  {
    ...strict(
      'the app does not know its alias',
      'app-aliases',
      (call) => isAuthorize(call) && read(call.body)['provider_id'] === 'default',
      403,
      'PROVIDER_NOT_APPROVED',
    ),
    mode: 'native',
  },
  strict(
    'discovery wants a token',
    'discovery-public',
    (call) => isDiscovery(call) && !('authorization' in call.headers),
    401,
  ),
  rewritten(
    'the registration is somewhere else than it says',
    'registration-endpoint',
    isDiscovery,
    (body) => ({
      ...body,
      agent_registration_endpoint: String(body['agent_registration_endpoint']).replace(
        'register',
        'enrol',
      ),
    }),
    fresh,
  ),
  strict(
    'a member that is not known is refused',
    'extension-members',
    (call) => isAuthorize(call) && 'conformance_extension' in read(call.body),
  ),
]

/** Keys by which agents first showed themselves, for the verifier that never looks again. */
const firstKeys = new Map<unknown, unknown>()

const identity: readonly Fault[] = [
  lenient(
    'any URL is an agent id',
    'agent-id-form',
    isRegister,
    (call) => !String(read(call.body)['agent_id']).endsWith('/.well-known/agent.json'),
  ),
  lenient('a missing document is no obstacle', 'document-published', isRegister),
  lenient('a document may hold anything', 'document-fields', isRegister),
  strict(
    'only a kid that is known is taken',
    'document-key-forms',
    (call) => isRegister(call) && attestationOf(call).header['kid'] === 'default',
    401,
  ),
  strict(
    'a key is looked at once and for ever',
    'key-rotation',
    (call) => {
      if (!isAuthorize(call) && !isRegister(call)) return false
      const { header, claims } = attestationOf(call)
      const first = firstKeys.get(claims['sub']) ?? header['kid']
      firstKeys.set(claims['sub'], first)
      return first !== header['kid']
    },
    401,
  ),
  {
    name: 'every wrong signature fetches the document again',
    breaks: ['refetch-limit'],
    async answer(reply, call) {
      if (isAuthorize(call) && reply.status === 401)
        await fetch(String(attestationOf(call).claims['sub'])).then((answer) => answer.text())
    },
  },
  {
    name: 'a silent host is waited for',
    breaks: ['fetch-timeouts'],
    async answer(reply, call) {
      if (isRegister(call) && reply.status >= 400)
        await new Promise((resolve) => setTimeout(resolve, 3500))
    },
  },
]

const seen = new Set<unknown>()
const attested = (
  check: string,
  name: string,
  when: (of: ReturnType<typeof attestationOf>) => boolean,
) => lenient(name, check, (call) => isAuthorize(call) && when(attestationOf(call)))
const tooStrict = (
  check: string,
  name: string,
  when: (of: ReturnType<typeof attestationOf>) => boolean,
) => strict(name, check, (call) => isAuthorize(call) && when(attestationOf(call)), 401)

/** Attestations that were used before are told from new ones by the saboteur itself. */
const wasSeen = (call: Call): boolean => {
  const { jti } = attestationOf(call).claims
  if (seen.has(jti)) return true
  seen.add(jti)
  return false
}

const attestation: readonly Fault[] = [
  attested(
    'attestation-algorithm',
    'any algorithm will do',
    ({ header }) => header['alg'] !== 'ES256',
  ),
  attested('attestation-claims', 'a jti is not needed', ({ claims }) => !('jti' in claims)),
  attested('attestation-signature', 'signatures are not looked at', () => true),
  attested(
    'attestation-expiry',
    'an expired attestation will do',
    ({ claims }) => Number(claims['exp']) < now(),
  ),
  attested('attestation-audience', 'an attestation for others will do', ({ claims }) =>
    String(claims['aud']).includes('example'),
  ),
  attested(
    'attestation-time',
    'clocks may be as wrong as they like',
    ({ claims }) => Math.abs(Number(claims['iat']) - now()) > 300,
  ),
  {
    ...lenient(
      'an attestation works twice',
      'attestation-replay',
      (call) => isAuthorize(call) && wasSeen(call),
    ),
    request: (call) => void (isAuthorize(call) || seen.add(attestationOf(call).claims['jti'])),
  },
  attested(
    'attestation-lifetime',
    'an attestation may live a day',
    ({ claims }) => Number(claims['exp']) - Number(claims['iat']) > 3700,
  ),
  lenient(
    'the attestation of the registration will do',
    'attestation-fresh',
    (call) => isAuthorize(call) && 'agent_attestation' in read(call.body),
  ),
  tooStrict(
    'attestation-base-audience',
    'only the endpoint is an audience',
    ({ claims }) => !String(claims['aud']).includes('/ath/'),
  ),
  tooStrict('attestation-audience-forms', 'a slash makes another audience', ({ claims }) =>
    String(claims['aud']).endsWith('/'),
  ),
  tooStrict(
    'attestation-issuer',
    'iss must be the agent id',
    ({ claims }) => claims['iss'] !== claims['sub'],
  ),
  tooStrict('attestation-type', 'typ must be there', ({ header }) => !('typ' in header)),
  tooStrict(
    'attestation-limits',
    'an attestation lives ten minutes at most',
    ({ claims }) => Number(claims['exp']) - Number(claims['iat']) > 600,
  ),
]

const registration: readonly Fault[] = [
  lenient('an agent needs no developer', 'registration-fields', isRegister, lacks('developer')),
  lenient('who says to be an agent is one', 'registration-attested', isRegister),
  rewritten(
    'an approval says no end',
    'registration-answer',
    isRegister,
    without('approval_expires'),
  ),
  rewritten('every scope is approved', 'registration-subset', isRegister, (body) => ({
    ...body,
    approved_providers: (body['approved_providers'] as Members[]).map((one) => ({
      ...one,
      approved_scopes: [...(one['approved_scopes'] as []), ...(one['denied_scopes'] as [])],
      denied_scopes: [],
    })),
  })),
  lenient(
    'an agent registers as often as it likes',
    'registration-duplicate',
    isRegister,
    hasCode('CONFLICT'),
  ),
  restated(
    'whether an agent is known is told to everybody',
    'registration-duplicate-proven',
    (call, reply) => isRegister(call) && reply.status === 401,
    409,
    'CONFLICT',
  ),
  restated(
    'a registration answers 200',
    'registration-created',
    (call, reply) => isRegister(call) && reply.status === 201,
    200,
  ),
  rewritten(
    'approvals ended long ago',
    'approval-ends',
    isRegister,
    (body) => ({ ...body, approval_expires: '2020-01-01T00:00:00Z' }),
    fresh,
  ),
  strict(
    "the server's own callback is a foreign address",
    'registration-own-callback',
    (call) =>
      isAuthorize(call) && String(read(call.body)['user_redirect_uri']).endsWith('/ath/callback'),
  ),
  restated(
    'who is not approved is not registered',
    'registration-undecided',
    (call, reply) => isRegister(call) && read(reply.body)['agent_status'] === 'denied',
    403,
    'AGENT_UNAPPROVED',
  ),
  lenient(
    'an unapproved agent may start',
    'unapproved-agent',
    isAuthorize,
    hasCode('AGENT_UNAPPROVED'),
  ),
  rewritten(
    'secrets are short',
    'identifier-prefixes',
    isRegister,
    (body) => ({ ...body, client_secret: 'ath_secret_1' }),
    fresh,
  ),
]

const status: readonly Fault[] = [
  lenient(
    'the status is shown to everybody',
    'status-authenticated',
    (call) => isStatus(call) && !('authorization' in call.headers),
  ),
  lenient('every agent sees every other', 'status-own-only', isStatus),
  restated(
    'strangers learn who is not registered',
    'status-no-oracle',
    (call) => isStatus(call) && call.path.endsWith('zzzz'),
    404,
    'AGENT_NOT_REGISTERED',
  ),
  restated('there is no status', 'status-published', isStatus, 404, 'AGENT_NOT_REGISTERED'),
  strict(
    'an attestation shows no status',
    'status-credentials',
    (call) => isStatus(call) && 'x-ath-agent-attestation' in call.headers,
    401,
  ),
]

const authorize: readonly Fault[] = [
  lenient('a provider need not be named', 'authorize-fields', isAuthorize, lacks('provider_id')),
  strict(
    'a state must be long',
    'authorize-state-free',
    (call) => isAuthorize(call) && String(read(call.body)['state']).length < 16,
  ),
  strict(
    'a state must be short',
    'authorize-state-long',
    (call) => isAuthorize(call) && String(read(call.body)['state']).length > 256,
  ),
  lenient('signatures are not looked at when the agent asks', 'authorize-attested', isAuthorize),
  lenient(
    'any attestation is of the agent',
    'attestation-subject',
    isAuthorize,
    hasCode('AGENT_IDENTITY_MISMATCH'),
  ),
  lenient(
    'any scope may be asked for',
    'authorize-approved',
    isAuthorize,
    hasCode('SCOPE_NOT_APPROVED'),
  ),
  rewritten(
    'the challenge is plain',
    'authorize-pkce',
    isAuthorize,
    onUrl((url) => url.searchParams.set('code_challenge_method', 'plain')),
  ),
  rewritten(
    'a token comes straight from the browser',
    'authorize-grant-type',
    isAuthorize,
    onUrl((url) => url.searchParams.set('response_type', 'token')),
  ),
  rewritten('the verifier is told', 'authorize-verifier-kept', isAuthorize, (body) => ({
    ...body,
    code_verifier: random(),
  })),
  lenient('a redirect URI need only begin alike', 'authorize-redirects', isAuthorize),
  lenient('a redirect URI need not be registered', 'authorize-no-redirects', isAuthorize),
  rewritten('the handshake has no id', 'authorize-answer', isAuthorize, without('ath_session_id')),
  rewritten(
    'the resource is forgotten',
    'authorize-resource',
    isAuthorize,
    onUrl((url) => url.searchParams.delete('resource')),
  ),
  strict(
    'somebody must be signed in',
    'authorize-without-login',
    (call) => isAuthorize(call) && !('x-ath-user-token' in call.headers),
    401,
    'TOKEN_INVALID',
  ),
  rewritten(
    'the browser is sent to the provider at once',
    'authorize-through-us',
    isAuthorize,
    onUrl((url) => void (url.hostname = 'idp.example')),
  ),
  restated(
    'the attestation is looked at first',
    'check-order',
    (call) => isAuthorize(call) && lacks('state')(call),
    401,
    'INVALID_ATTESTATION',
  ),
]

const page = (status: number): Reply => ({
  status,
  headers: [['content-type', 'text/html']],
  body: '<html><p>done</p></html>',
})

const callback: readonly Fault[] = [
  {
    name: 'any state will do at the callback',
    breaks: ['callback-state', 'callback-own'],
    answer: (reply, call) => (isCallback(call) && reply.status >= 400 ? page(200) : undefined),
  },
  {
    name: 'scripts may read the cookie that binds the browser',
    breaks: ['callback-binding-set'],
    answer: (reply) => ({
      ...reply,
      headers: reply.headers.map(([name, value]) => [name, value.replace(/; HttpOnly/i, '')]),
    }),
  },
  {
    name: 'any browser may finish what another began',
    breaks: ['callback-binding-checked'],
    answer: (reply, call) =>
      isCallback(call) && reply.status >= 400 && !('cookie' in call.headers)
        ? page(200)
        : undefined,
  },
  {
    name: 'there is no callback',
    breaks: ['callback-own'],
    request: (call) => (isCallback(call) ? page(404) : undefined),
  },
  {
    name: 'the callback without a state is an error',
    breaks: ['callback-plain'],
    request: (call) => (isCallback(call) && !call.path.includes('state=') ? page(400) : undefined),
  },
  {
    name: 'the question does not say who asks',
    breaks: ['consent-shows-agent'],
    answer: (reply) => ({ ...reply, body: reply.body.replaceAll(agentName, 'An app') }),
  },
  {
    name: 'a page holds the secret of the server at the provider',
    breaks: ['secrets-kept'],
    answer: (reply) =>
      reply.body.includes('<html')
        ? { ...reply, body: reply.body.replace('</html>', '<!-- client_secret=1 --></html>') }
        : undefined,
  },
  restated(
    'a denial looks like a handshake that is over',
    'denial-told',
    (call, reply) => isToken(call) && hasCode('USER_DENIED')(call, reply),
    400,
    'SESSION_NOT_FOUND',
  ),
  restated(
    'a provider that fails looks like a denial',
    'handshake-ends',
    (call, reply) => isToken(call) && hasCode('OAUTH_ERROR')(call, reply),
    403,
    'USER_DENIED',
  ),
  strict(
    'a code must have been delivered',
    'handshake-code',
    (call) => isToken(call) && read(call.body)['code'] === 'oauth-completed',
  ),
]

const spent = new Set<unknown>()

const token: readonly Fault[] = [
  lenient(
    'an attestation for the base URL gets a token',
    'token-audience',
    isToken,
    (call) => !String(attestationOf(call).claims['aud']).endsWith('/ath/token'),
  ),
  lenient('signatures are not looked at when the token is fetched', 'token-attested', isToken),
  restated(
    "another's attestation is only wrong",
    'token-of-other',
    (call, reply) => isToken(call) && reply.status === 403,
    401,
    'INVALID_ATTESTATION',
  ),
  lenient('a code is not needed', 'token-fields', isToken, lacks('code')),
  {
    name: 'the token comes as plain text',
    breaks: ['token-json'],
    answer: (reply, call) =>
      isToken(call) ? { ...reply, headers: [['content-type', 'text/plain']] } : undefined,
  },
  strict(
    'forms are not taken',
    'token-form',
    (call) => isToken(call) && String(call.headers['content-type']).includes('form'),
    415,
  ),
  lenient('any handshake gives a token', 'token-session', isToken, hasCode('SESSION_NOT_FOUND')),
  {
    name: 'a handshake gives tokens again and again',
    breaks: ['token-single-use'],
    answer(reply, call) {
      if (!isToken(call)) return undefined
      const { ath_session_id: id } = read(call.body)
      if (reply.status === 200) spent.add(id)
      return reply.status >= 400 && spent.has(id) ? content(call) : undefined
    },
  },
  rewritten(
    'a token does not say how long it lives',
    'token-answer',
    isToken,
    without('expires_in'),
  ),
  rewritten('a token holds more than was asked for', 'token-intersection', isToken, (body) => {
    const effective = [...(body['effective_scopes'] as string[]), 'crm:admin']
    return {
      ...body,
      effective_scopes: effective,
      scope_intersection: { ...(body['scope_intersection'] as Members), effective },
    }
  }),
  lenient('a token is issued for nothing', 'token-intersection-empty', isToken),
  rewritten(
    'the three sets are not shown',
    'token-intersection-shown',
    isToken,
    without('scope_intersection'),
  ),
  rewritten(
    'only what was asked for is shown as approved',
    'token-approved-listed',
    isToken,
    (body) => ({
      ...body,
      scope_intersection: {
        ...(body['scope_intersection'] as Members),
        agent_approved: body['effective_scopes'],
      },
    }),
  ),
  rewritten('a token lives a day', 'token-opaque', isToken, (body) => ({
    ...body,
    expires_in: 86_400,
  })),
  rewritten("the provider's token is handed out", 'provider-tokens-kept', isToken, (body) => ({
    ...body,
    refresh_token: random(),
  })),
  lenient('nobody needs to agree', 'both-sides-needed', isToken),
]

const call: readonly Fault[] = [
  lenient(
    'the agent need not say who it is',
    'call-headers',
    isProxied,
    ({ headers }) => !('x-ath-agent-id' in headers),
  ),
  restated(
    'an unknown token is forbidden',
    'call-token',
    (call, reply) => isProxied(call) && hasCode('TOKEN_INVALID')(call, reply),
    403,
    'SCOPE_NOT_APPROVED',
  ),
  lenient('any agent may use a token', 'call-agent', isProxied, hasCode('AGENT_IDENTITY_MISMATCH')),
  restated(
    'a missing agent id is a malformed request',
    'call-agent-header',
    (call) => isProxied(call) && !('x-ath-agent-id' in call.headers),
    400,
    'INVALID_REQUEST',
  ),
  restated(
    'another provider is not found',
    'call-provider',
    (call, reply) => isProxied(call) && hasCode('PROVIDER_MISMATCH')(call, reply),
    404,
    'NOT_FOUND',
  ),
  lenient('a token opens every provider', 'call-bound', isProxied, hasCode('PROVIDER_MISMATCH')),
  lenient('scopes are not looked at', 'call-scope', isProxied, hasCode('SCOPE_NOT_APPROVED')),
  {
    name: 'bodies are written anew on their way',
    breaks: ['call-body-unchanged'],
    request(call) {
      if (isProxied(call) && call.body !== '') call.body = JSON.stringify(JSON.parse(call.body))
    },
  },
  {
    name: "the agent's id goes upstream",
    breaks: ['call-credentials-kept'],
    answer: (reply, call) =>
      isProxied(call) && reply.body.includes('"headers":{')
        ? {
            ...reply,
            body: reply.body.replace(
              '"headers":{',
              '"headers":{"x-ath-agent-id":"https://a.example",',
            ),
          }
        : undefined,
  },
  strict('PATCH is not known', 'call-methods', ({ method }) => method === 'PATCH', 405),
]

const revoke: readonly Fault[] = [
  lenient('a revocation need not name a token', 'revoke-fields', isRevoke, lacks('token')),
  lenient(
    'an agent ends what others hold',
    'revoke-own-only',
    isRevoke,
    hasCode('AGENT_IDENTITY_MISMATCH'),
  ),
  lenient('anybody may revoke', 'revoke-authenticated', isRevoke, lacks('client_id')),
  {
    name: 'a revocation is forgotten',
    breaks: ['revoke-at-once'],
    request: (call) => (isRevoke(call) ? content(call) : undefined),
  },
  restated(
    'an unknown token is not found',
    'revoke-unknown',
    (call, reply) => isRevoke(call) && reply.status === 200,
    404,
    'TOKEN_INVALID',
  ),
  restated(
    'a missing secret is a wrong one',
    'revoke-statuses',
    (call) => isRevoke(call) && lacks('client_secret')(call),
    401,
    'AGENT_NOT_REGISTERED',
  ),
]

const errors: readonly Fault[] = [
  {
    name: 'errors have no words',
    breaks: ['error-shape'],
    answer: (reply) =>
      reply.status >= 400
        ? { ...reply, body: JSON.stringify(without('message')(read(reply.body))) }
        : undefined,
  },
  restated(
    'an unknown agent is unauthorized',
    'error-status',
    (_call, reply) => reply.status === 403 && read(reply.body)['code'] === 'AGENT_NOT_REGISTERED',
    401,
  ),
  restated(
    'what cannot be read is a fault of the server',
    'malformed-input',
    ({ body }, reply) =>
      reply.status === 400 && body.startsWith('{"client_id":') && body.length < 20,
    500,
    'INTERNAL_ERROR',
  ),
]

/** One or more for each check of the two-phase handshake. */
export const twoPhaseFaults: readonly Fault[] = [
  ...discovery,
  ...identity,
  ...attestation,
  ...registration,
  ...status,
  ...authorize,
  ...callback,
  ...token,
  ...call,
  ...revoke,
  ...errors,
]
