import { restrictionsSchema } from '@ath-protocol/types'
import type { DevPerson } from '../dev-idp/settings.ts'
import type { Limited, RateLimit } from '../ports/limits.ts'
import { suggest } from './nearest.ts'
import {
  type AgentRule,
  type AthOptions,
  AthSetupError,
  type OAuthOptions,
  type ScopeEntry,
} from './options.ts'

type KeysOf<T> = T extends unknown ? keyof T : never
/** Every name once, and no other: a type that grows does not compile until it is listed here. */
type Names<T> = Readonly<Record<KeysOf<T> & string, true>>

const optionNames: Names<AthOptions> = {
  url: true,
  appId: true,
  name: true,
  apiBase: true,
  scopes: true,
  oauth: true,
  devIdp: true,
  agents: true,
  aliases: true,
  store: true,
  secret: true,
  nineStep: true,
  consentPage: true,
  amounts: true,
  restrictions: true,
  grantLifetimeSeconds: true,
  audit: true,
  log: true,
  upstream: true,
  limits: true,
  allowNetworks: true,
  production: true,
}
const ruleNames: Names<AgentRule> = {
  agent: true,
  domain: true,
  allow: true,
  restrictions: true,
  keyThumbprint: true,
  name: true,
}
const scopeNames: Names<Exclude<ScopeEntry, readonly string[]>> = {
  routes: true,
  description: true,
  risk: true,
}
const oauthNames: Names<OAuthOptions> = {
  clientId: true,
  clientSecret: true,
  clientAuth: true,
  extraScopes: true,
  scopeNames: true,
  authorizationParameters: true,
  issuer: true,
  authorizationEndpoint: true,
  tokenEndpoint: true,
  userinfoEndpoint: true,
  revocationEndpoint: true,
  userinfoSubject: true,
}
const devIdpNames: Names<{ readonly people?: readonly DevPerson[] }> = { people: true }
const limitNames: Names<Record<Limited, RateLimit>> = {
  register_ip: true,
  register_agent: true,
  authorize_client: true,
  token_client: true,
  proxy_token: true,
  login_ip: true,
  status_ip: true,
  handshake_ip: true,
  handshake_client: true,
  confirm_user: true,
  step_up: true,
}

/**
 * Throws `AthSetupError` for a name that means nothing here. TypeScript says so as it is written; in JavaScript a
 * misspelt `restrictions` would restrict nobody, and nobody would know.
 */
export function checkNames(options: AthOptions): void {
  const { scopes, agents, oauth, devIdp, limits } = options
  check('option', options, optionNames)
  for (const [name, entry] of Object.entries(scopes ?? {}))
    if (!Array.isArray(entry)) check(`scopes['${name}']`, entry, scopeNames)
  for (const [index, rule] of (agents ?? []).entries()) {
    check(`agents[${index}]`, rule, ruleNames)
    checkRestrictions(`agents[${index}].restrictions`, rule.restrictions)
  }
  checkRestrictions('restrictions', options.restrictions)
  if (oauth) check('oauth', oauth, oauthNames)
  if (typeof devIdp === 'object') check('devIdp', devIdp, devIdpNames)
  if (limits) check('limits', limits, limitNames)
}

function check(where: string, given: object, names: Readonly<Record<string, true>>): void {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(names, name))
      throw new AthSetupError(
        where === 'option' ? `there is no option \`${name}\`` : `${where} has no \`${name}\``,
        suggest(name, Object.keys(names)),
      )
}

function checkRestrictions(where: string, given: unknown): void {
  if (given === undefined) return
  const read = restrictionsSchema.safeParse(given)
  if (read.success) return
  const [issue] = read.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const names = Object.keys(restrictionsSchema.shape)
  if (unknown !== undefined)
    throw new AthSetupError(`${where} has no \`${unknown}\``, suggest(unknown, names))
  throw new AthSetupError(
    `${[where, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'not understood'}`,
    'write it as docs/add-ath-to-your-app.md shows',
  )
}
