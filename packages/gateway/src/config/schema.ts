import { providerIdSchema, scopeSchema, shownText } from '@ath-protocol/types'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { refineAgent } from './agent-rule.ts'
import { confirmSchema } from './channel-schema.ts'
import {
  duration,
  filePath,
  flag,
  headerName,
  headerSafe,
  integer,
  rate,
  say,
  secret,
  size,
  text,
  webUrl,
} from './fields.ts'
import { nineStep } from './nine-step-schema.ts'
import { amountEntry, restrictions } from './restriction-schema.ts'
import { refineRuleText } from './rule-text.ts'

const notNetwork = say('is not a network', 'write CIDR, like 10.0.0.0/8')

const network = z
  .string({ error: notNetwork })
  .refine((value) => ipaddr.isValidCIDR(value), { error: notNetwork })
  .meta({ title: 'network' })

const scopeName = scopeSchema.meta({ title: 'scope' })

const ruleText = text('write a method and a path, like GET /api/**', 'GET /api/**')
  .superRefine(refineRuleText)
  .meta({ title: 'rule' })

const ruleList = z
  .array(ruleText)
  .min(1, say('has no rules, so it opens nothing', 'write [GET /api/**]'))
  .max(1000)

const scopeEntry = z
  .union([
    ruleList.describe('The rules alone.'),
    z
      .strictObject({
        match: ruleList.describe(
          'The methods and paths that this scope opens. `*` is one path segment, a final `**` any rest; the method `*` is any method. `GET` opens `HEAD` too.',
        ),
        description: shownText(200)
          .meta({ examples: ['Read approvals'] })
          .optional()
          .describe('What the user reads on the consent page, one line.'),
        upstream: scopeName
          .optional()
          .describe("The scope's name at the provider's OAuth server, where it differs."),
        risk: z
          .enum(['low', 'medium', 'high'])
          .optional()
          .describe(
            'What a wrong yes would cost. Chats decide only `low`; `gateway.passkey_from` says what needs a passkey. Default `medium`.',
          ),
      })
      .describe('The rules and more.'),
  ])
  .describe('Either the list of rules, or an object with more. A scope without rules is refused.')

function refineOAuth(
  entry: {
    readonly issuer?: string | undefined
    readonly authorization_endpoint?: string | undefined
    readonly token_endpoint?: string | undefined
    readonly client_secret?: string | undefined
    readonly client_auth: string
  },
  context: z.core.$RefinementCtx,
): void {
  const report = (path: string[], message: string) =>
    context.issues.push({ code: 'custom', path, message, input: undefined })
  if (!entry.issuer && !(entry.authorization_endpoint && entry.token_endpoint))
    report(
      [],
      say(
        'does not say where the OAuth server is',
        'give issuer, or authorization_endpoint and token_endpoint',
      ),
    )
  if (!entry.client_secret && entry.client_auth !== 'none')
    report(
      ['client_secret'],
      say('is missing', 'give it as ${VAR} or ${file:/path}, or set client_auth: none'),
    )
}

const oauth2Auth = z
  .strictObject({
    kind: z.literal('oauth2'),
    issuer: webUrl('write the issuer, like https://idp.corp.example')
      .optional()
      .describe('Discovers the endpoints (OpenID Connect discovery or RFC 8414).'),
    authorization_endpoint: webUrl('write the endpoint’s https URL')
      .optional()
      .describe('Needed without `issuer`.'),
    token_endpoint: webUrl('write the endpoint’s https URL')
      .optional()
      .describe('Needed without `issuer`.'),
    revocation_endpoint: webUrl('write the endpoint’s https URL')
      .optional()
      .describe('RFC 7009: tokens are revoked there when a grant ends.'),
    userinfo_endpoint: webUrl('write the endpoint’s https URL')
      .optional()
      .describe('Tells who the user is at the provider.'),
    userinfo_subject: text('write a member’s name', 'id')
      .optional()
      .describe('The member of its answer that names the user. Default: `sub`, else `id`.'),
    client_id: text('write the client id that the provider gave', 'sallyport').describe(
      'The gateway’s own client id at the provider.',
    ),
    client_secret: secret().optional().describe('Needed unless `client_auth` is `none`.'),
    client_auth: z
      .enum(['client_secret_basic', 'client_secret_post', 'none'])
      .default('client_secret_basic')
      .describe('How the client authenticates at the token endpoint.'),
    extra_scopes: z
      .array(scopeName)
      .max(50)
      .default([])
      .describe('Asked for besides those mapped, e.g. `offline_access`.'),
    authorization_parameters: z
      .record(text(), text())
      .default({})
      .describe('Extra parameters of the authorization request, e.g. `prompt: consent`.'),
  })
  .superRefine(refineOAuth)
  .describe('Each user is sent to the provider’s own OAuth 2.0 server.')

const headerSafeSecret = secret().regex(
  headerSafe,
  say('holds a line break or a character that no header takes', 'check the secret’s file'),
)

const auth = z
  .discriminatedUnion('kind', [
    oauth2Auth,
    z
      .strictObject({
        kind: z.literal('mock_oauth2'),
        user: text('write a user name', 'wang').default('mock-user').describe('Who always agrees.'),
      })
      .describe('A built-in OAuth server that always agrees. Development only.'),
    z
      .strictObject({
        kind: z.literal('api_key'),
        header: headerName().default('X-API-Key').describe('The header that carries the key.'),
        prefix: z
          .string()
          .max(64)
          .regex(headerSafe, say('is no header text', 'write plain text'))
          .default('')
          .describe('Put before the key, e.g. `Bearer ` with its space.'),
        key: headerSafeSecret.describe('The key.'),
      })
      .describe('One key for the whole gateway, in a header.'),
    z
      .strictObject({
        kind: z.literal('basic'),
        username: text('write the account’s name', 'svc-agents').describe('The technical account.'),
        password: secret().describe('Its password.'),
      })
      .describe('HTTP Basic with one technical account.'),
    z
      .strictObject({
        kind: z.literal('cookie'),
        login: z
          .strictObject({
            path: text('write the path, like /login', '/login')
              .regex(/^\/(?!\/)[^\s\\#]*$/, say('is not a path', 'begin with one slash'))
              .describe('Below `url`.'),
            encoding: z.enum(['form', 'json']).default('form').describe('How the fields are sent.'),
            fields: z
              .record(text(), secret())
              .describe('What the log-in form asks for, by field name.'),
          })
          .describe('The log-in request (POST).'),
        expired_when: z
          .strictObject({
            status: z
              .array(integer(300, 599))
              .default([401])
              .describe('Statuses that say: log in first.'),
            redirect_to: text('write the log-in page’s path, like /login', '/login')
              .optional()
              .describe('A redirect to a path with this beginning says so too.'),
          })
          .prefault({})
          .describe('Answers that mean the log-in is over; the gateway then logs in once more.'),
      })
      .describe('A log-in session of one technical account, kept by the gateway.'),
    z
      .strictObject({
        kind: z.literal('identity_header'),
        user_header: headerName()
          .or(z.literal('none'))
          .default('X-Forwarded-User')
          .describe('Carries the user; `none`: not sent.'),
        agent_header: headerName()
          .or(z.literal('none'))
          .default('X-Forwarded-Agent')
          .describe('Carries the agent id; `none`: not sent.'),
        scopes_header: headerName()
          .or(z.literal('none'))
          .default('X-Forwarded-Scopes')
          .describe('Carries the effective scopes; `none`: not sent.'),
        assertion_header: headerName()
          .or(z.literal('none'))
          .default('X-Forwarded-Assertion')
          .describe('Carries all of it as a signed JWT, 60 s at most; `none`: not sent.'),
        audience: text('write the audience, usually the system’s URL', 'https://oa.corp.example')
          .optional()
          .describe('The `aud` of that JWT. Default: the provider’s `url`.'),
      })
      .describe('The user and the agent in headers, for systems that trust a front proxy.'),
    z.strictObject({ kind: z.literal('none') }).describe('The system asks for nothing.'),
  ])
  .describe('How the gateway, or the user through it, gets in at the system.')

const provider = z.strictObject({
  url: webUrl('write the system’s base URL, like http://10.0.4.12:8080').describe(
    'The system’s base URL. A request never leaves its path.',
  ),
  name: shownText(100)
    .meta({ examples: ['Office automation'] })
    .optional()
    .describe('What people read on the consent page. Default: the provider’s id.'),
  categories: z

    .array(text('write a category', 'crm'))
    .max(20)
    .optional()
    .describe('Shown in the discovery document, e.g. `crm`.'),
  auth,
  scopes: z
    .record(scopeName, scopeEntry)
    .describe(
      'What agents can ask for, and which methods and paths each scope opens. Nothing else is reachable.',
    ),
  consent_page: flag()
    .optional()
    .describe(
      'Show the gateway’s own consent page before the provider’s. Only `oauth2` providers can turn it off. Default true.',
    ),
  timeouts: z
    .strictObject({
      connect: duration('1s', '5m').prefault('5s').describe('To connect.'),
      headers: duration('1s', '1d').prefault('30s').describe('Until the answer begins.'),
      idle: duration('0s', '1d')
        .prefault('5m')
        .describe('The longest silence within an answer; `0s` for none.'),
    })
    .prefault({})
    .describe('How long the system may take.'),
  max_request: size('0B', '999999GiB').prefault('1GiB').describe('The longest request body.'),
  ca: filePath('write the path of a PEM file', './ca.pem')
    .optional()
    .describe(
      'PEM file with the CA that signs this system’s certificate, instead of the public CAs.',
    ),
  restrictions: restrictions.optional().describe('Hold for every permission at this system.'),
  amounts: z
    .array(
      amountEntry.extend({
        match: ruleText.describe('The method and path of requests that order something.'),
      }),
    )
    .min(1, say('is empty', 'remove it'))
    .max(100)
    .optional()
    .describe('Where requests say what an order costs, for `order_amount_limit`.'),
})

const agent = z
  .strictObject({
    name: text('write a name', 'office')
      .regex(
        /^[A-Za-z0-9][\w .-]{0,63}$/,
        say('is not a rule name', 'letters, digits, dot and dash'),
      )
      .optional()
      .describe('Named in audit records and refusals. Default: `rule-1`, `rule-2`, …'),
    agent: text(
      'write an agent id or a DID, or a beginning that ends in `*`',
      '"https://agents.corp.example/*"',
    )
      .optional()
      .describe(
        'An exact agent id (the URL of its agent.json) or DID, or a beginning that ends in `*` and names the whole host: `https://agents.corp.example/*`, `did:web:agents.corp.example:*`.',
      ),
    domain: text('write a host, or *.corp.example', '"*.corp.example"')
      .regex(
        /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
        say('is not a host', 'write it in lower case without scheme, like *.corp.example'),
      )
      .optional()
      .describe('The host of the agent id: exact, or `*.corp.example` for its subdomains.'),
    developer: text('write the developer’s id', 'corp')
      .optional()
      .describe('`developer.id` in the agent’s document. Only together with `agent` or `domain`.'),
    decide: z
      .enum(['approve', 'hold', 'deny'])
      .optional()
      .describe('What happens at registration. Default `approve` where `allow` is given.'),
    allow: z
      .record(providerIdSchema, z.array(scopeName).min(1, say('is empty', 'name a scope')).max(100))
      .optional()
      .describe('The most these agents get, by provider. They get what they ask for within it.'),
    lifetime: duration('1m', '3650d')
      .optional()
      .describe('How long the approval lives. Default: `gateway.approval_lifetime`.'),
    restrictions: restrictions.optional().describe('Hold for everything these agents get.'),
    because: shownText(200)
      .meta({ examples: ['ask the CRM team first'] })
      .optional()
      .describe('Told to the agent as the reason of a refusal.'),
  })
  .superRefine(refineAgent)

const login = z
  .union([
    z
      .strictObject({
        issuer: webUrl('write the issuer, like https://idp.corp.example').describe(
          'The OpenID Connect provider’s issuer; its endpoints are discovered.',
        ),
        client_id: text('write the client id that the provider gave', 'sallyport').describe(
          'The gateway’s client id there.',
        ),
        client_secret: secret().describe(
          'The client secret. Register `<gateway.url>/login/callback` as redirect URI.',
        ),
        scopes: z
          .array(scopeName)
          .min(1, say('is empty', 'name openid at least'))
          .default(['openid', 'profile', 'email'])
          .describe('Asked for at log-in.'),
        session: duration('1m', '30d')
          .prefault('8h')
          .describe('How long a browser stays signed in.'),
      })
      .describe('Company log-in by OpenID Connect.'),
    z
      .strictObject({
        dev_user: text('write a user name', 'wang').describe(
          'Anybody who opens a page is this user. Development only.',
        ),
      })
      .describe('No log-in. Development only.'),
  ])
  .describe('How people sign in to the gateway’s pages. `start` needs it.')

const limits = z.strictObject({
  register_ip: rate().prefault('30/minute').describe('Registrations per address.'),
  register_agent: rate().prefault('10/minute').describe('Registrations per agent id.'),
  authorize_client: rate().prefault('60/minute').describe('Authorization requests per agent.'),
  token_client: rate().prefault('120/minute').describe('Token requests per agent (agents poll).'),
  proxy_token: rate()
    .prefault('100/second')
    .describe('Proxied calls per token; all tokens of one permission together.'),
  login_ip: rate().prefault('30/minute').describe('Log-ins per address.'),
  status_ip: rate().prefault('120/minute').describe('Status requests per address.'),
  handshake_ip: rate()
    .prefault('120/minute')
    .describe('Messages of nine-step handshakes per address.'),
  handshake_client: rate()
    .prefault('60/minute')
    .describe('Messages of nine-step handshakes per DID.'),
  confirm_user: rate().prefault('60/minute').describe('Answers to questions per person.'),
})

const gateway = z.strictObject({
  url: webUrl('write the public URL, like https://gw.corp.example')
    .optional()
    .describe(
      'The public base URL, as agents and browsers know it. `start` needs it; `dev` makes one from the port.',
    ),
  data_dir: filePath('write a folder', '/var/lib/sallyport')
    .default('./.sallyport')
    .describe('Holds the store, the keys and the audit records. Relative to this file.'),
  listen: z
    .strictObject({
      host: text('write an address, like 127.0.0.1 or 0.0.0.0', '127.0.0.1')
        .default('127.0.0.1')
        .describe('The address to listen on.'),
      port: integer(0, 65_535).default(7080).describe('The port to listen on; 0 for any (`dev`).'),
      tls: z
        .strictObject({
          cert: filePath('write the path of the PEM certificate', './gw.pem').describe(
            'PEM certificate chain.',
          ),
          key: filePath('write the path of the PEM key', './gw.key').describe('PEM private key.'),
          client_ca: filePath('write the path of the PEM CA', './agents-ca.pem')
            .optional()
            .describe('Mutual TLS: only callers with a certificate of this CA are let in.'),
        })
        .optional()
        .describe('Speak TLS here. Without it a TLS-ending proxy must stand before.'),
      trusted_proxies: z
        .array(network)
        .default([])
        .describe('Proxies whose `X-Forwarded-For` is believed.'),
      drain: duration('0s', '1h')
        .prefault('30s')
        .describe('How long running requests may finish after SIGTERM.'),
      max_header_bytes: integer(4096, 1_048_576)
        .default(65_536)
        .describe('The longest header block of a request.'),
    })
    .prefault({})
    .describe('Where it listens.'),
  aliases: z
    .array(webUrl('write another public URL of this gateway'))
    .max(20)
    .default([])
    .describe('Other public base URLs under which agents know this gateway.'),
  token_lifetime: duration('1m', '1h').prefault('1h').describe('How long an access token lives.'),
  grant_lifetime: duration('1m', '365d')
    .prefault('8h')
    .describe('The longest a user can consent to.'),
  approval_lifetime: duration('1m', '3650d')
    .prefault('90d')
    .describe('How long an agent’s approval lives unless its rule says else.'),
  passkey_from: z
    .enum(['low', 'medium', 'high', 'never'])
    .default('high')
    .describe('From which risk on a person’s yes needs a passkey.'),
  unmatched_agents: z
    .enum(['hold', 'deny'])
    .default('hold')
    .describe('Agents that no rule matches: wait for an operator, or are denied.'),
  compat: z
    .strictObject({
      browser_binding: flag()
        .default(true)
        .describe('Bind a handshake to the browser that took it up. Off only for development.'),
      legacy_token_audience: flag()
        .default(false)
        .describe('Also accept the base URL as audience of token attestations.'),
    })
    .prefault({})
    .describe('For older ATH clients.'),
})

/** The configuration file. The one source of its types, of the JSON Schema and of the reference page. */
export const configSchema = z
  .strictObject({
    version: z
      .literal(1, { error: say('is not a known version', 'write `version: 1`') })
      .describe('The version of this format.'),
    gateway: gateway.prefault({}).describe('The gateway itself.'),
    login: login.optional(),
    agents: z
      .array(agent)
      .max(1000)
      .default([])
      .describe('Which agents get what. The first rule that matches decides.'),
    providers: z
      .record(providerIdSchema, provider)
      .default({})
      .describe('The systems behind the gateway, by the id that agents use.'),
    restrictions: restrictions.optional().describe('Hold for every permission.'),
    nine_step: nineStep
      .prefault({})
      .describe('The nine-step handshake, by which agents come with a DID.'),
    confirm: confirmSchema
      .prefault({})
      .describe('How people are told of questions outside the gateway’s pages.'),
    limits: limits
      .prefault({})
      .describe('Rate limits: `30/minute`, `10/second`, `100/hour` or `none`.'),
    identity_documents: z
      .strictObject({
        allow_networks: z
          .array(network)
          .default([])
          .describe('Private networks in which agent.json may be fetched all the same.'),
        connect_timeout: duration('1s', '1m').prefault('3s').describe('To connect.'),
        read_timeout: duration('1s', '1m').prefault('5s').describe('To read the document.'),
      })
      .prefault({})
      .describe('How agents’ documents (agent.json) are fetched.'),
    alerts: z
      .strictObject({
        attestation_failed: rate()
          .prefault('20/hour')
          .describe('Failed attestations in one agent’s name.'),
        scope_violation: rate()
          .prefault('30/hour')
          .describe('Calls of one agent that no scope of its token opens.'),
        suspend: flag()
          .default(false)
          .describe('Also suspend the agent when its scope violations reach the rate.'),
      })
      .prefault({})
      .describe('How often a fault may repeat before an alert is raised; `none` for never.'),
    audit: z
      .strictObject({
        durability: z
          .enum(['batched', 'always'])
          .default('batched')
          .describe(
            '`batched`: proxied calls are on disk within 100 ms. `always`: before the answer leaves.',
          ),
        segment: size('64KiB', '4GiB')
          .prefault('64MiB')
          .describe('When a new segment file begins.'),
      })
      .prefault({})
      .describe('The audit records.'),
  })
  .describe('Sallyport’s configuration file.')

export type ConfigFile = z.output<typeof configSchema>
export type ProviderEntry = ConfigFile['providers'][string]
export type AgentEntry = ConfigFile['agents'][number]
