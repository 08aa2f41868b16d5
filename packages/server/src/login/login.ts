import { callerKey } from '../endpoint/limit.ts'
import { type AuditSink } from '../ports/audit.ts'
import { type RateLimits } from '../ports/limits.ts'
import { hashSecret, matchesHash } from '../secret/hash.ts'
import { redirectAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import { hostCookie, readCookie } from '../wire/cookie.ts'
import { type AthAnswer, type AthCall } from '../wire/http.ts'
import { type Clock, type Failure, fail, ok, type Random, type Result } from '@ath-protocol/types'
import type { LoginSettings } from './settings.ts'
import { answerRoutes } from '../pages/answer-routes.ts'
import { ownPath } from '../pages/own-path.ts'
import { createPages, type RenderPage } from '../pages/page.ts'
import { chooseLanguage } from '../pages/messages/language.ts'
import type { LoginStore, Person } from '../ports/logins.ts'
import type { OutboundFetch } from '../oauth/bounded-fetch.ts'
import { createIdentityProvider, type LoginSecrets } from './identity-provider.ts'
import { failedPage, forgedPage, signedOutPage } from './login-pages.ts'
import { createPeople, type People } from './people.ts'
import { readReturnTo } from './return-to.ts'

export interface LoginOptions {
  readonly login: LoginSettings
  /** Public base URL without trailing slash; the provider's redirect URI is `${baseUrl}${mount}/login/callback`. */
  readonly baseUrl: string
  /** Default: none. */
  readonly mount?: string
  /** Whose pages they are, for people. Default `Sallyport`. */
  readonly brand?: string
  /** Other base URLs under which people may open the pages. */
  readonly aliases?: readonly string[]
  readonly logins: LoginStore
  readonly clock: Clock
  readonly random: Random
  readonly audit: AuditSink
  readonly limits: RateLimits
  readonly outbound: OutboundFetch
  /** An identity provider on this machine over http. Development only. */
  readonly allowLoopbackHttp: boolean
}

/** How people sign in to the gateway's own pages. */
export interface Login {
  /** `/login`, `/login/callback`, `/logout`; undefined for every other address. */
  answer(call: AthCall): Promise<AthAnswer> | undefined
  readonly people: People
  /** Renders pages with the development banner where it is due. */
  readonly render: RenderPage
}

/** The issuer of the people that a development log-in makes. */
export const devIssuer = 'urn:sallyport:dev-login'

const bindingCookie = '__Host-sallyport_login'
const flowSeconds = 600

/** Throws when the configuration can never work. */
export function createLogin(options: LoginOptions): Login {
  const { login, logins, clock, random } = options
  const redirectUri = `${options.baseUrl}${options.mount ?? ''}/login/callback`
  const render = createPages({
    ...(options.brand === undefined ? {} : { brand: options.brand }),
    ...(login.kind === 'dev' ? { devUser: login.user } : {}),
  })
  const people = createPeople({
    logins,
    clock,
    random,
    audit: options.audit,
    publicUrls: [options.baseUrl, ...(options.aliases ?? [])],
    sessionSeconds: login.kind === 'dev' ? devSessionSeconds : login.sessionSeconds,
    trusts: (issuer) =>
      login.kind === 'dev' ? issuer === devIssuer : isSameIssuer(issuer, login.issuer),
  })
  const provider =
    login.kind === 'oidc' ? createIdentityProvider({ ...options, login, redirectUri }) : undefined

  async function start(call: AthCall): Promise<AthAnswer> {
    const within = takeAttempt(options.limits, call)
    if (!within.ok) return refuse(call, within.error)
    const returnTo =
      readReturnTo(call.query.get('return_to'), options.baseUrl) ?? ownPath(call, '/me')
    const otherAccount = call.query.get('prompt') === 'login'
    if (!otherAccount && (await people.current(call))) return redirectAnswer(call, returnTo)
    if (login.kind === 'dev') {
      const person = { issuer: devIssuer, subject: login.user, name: login.user }
      return signIn(call, await logins.ensureUser(person), returnTo)
    }
    return sendToProvider(call, returnTo, otherAccount)
  }

  async function sendToProvider(call: AthCall, returnTo: string, otherAccount: boolean) {
    if (!provider) return refuse(call, { reason: 'route_unknown' })
    const state = random.token(32)
    const nonce = random.token(32)
    const codeVerifier = random.token(32)
    const language = chooseLanguage(call)
    const url = await provider.begin({ state, nonce, codeVerifier }, { otherAccount, language })
    if (!url.ok) return refuse(call, url.error)
    // Kept when there is one: two tabs may be signing in at once, and both come back to this browser.
    const binding = readBinding(call) ?? random.token(32)
    await logins.insertFlow({
      stateHash: hashSecret(state),
      bindingHash: hashSecret(binding),
      codeVerifier,
      nonce,
      returnTo,
      expiresAt: clock.now() + flowSeconds,
    })
    return redirectAnswer(call, url.value.href, [hostCookie(bindingCookie, binding, flowSeconds)])
  }

  async function finish(call: AthCall): Promise<AthAnswer> {
    const within = takeAttempt(options.limits, call)
    if (!within.ok) return refuse(call, within.error)
    const flow = await takeFlow(call)
    if (!flow.ok) return refuse(call, flow.error)
    const { secrets, returnTo } = flow.value
    const found = provider
      ? await provider.complete(call.query, secrets)
      : fail({ reason: 'route_unknown' } satisfies Failure)
    if (!found.ok) return refuse(call, found.error, returnTo)
    const { person, provenAt } = found.value
    return signIn(call, await logins.ensureUser(person), returnTo, provenAt)
  }

  /** The state is spent before anything else is looked at: of two callbacks, whoever sent them, one gets it. */
  async function takeFlow(
    call: AthCall,
  ): Promise<Result<{ secrets: LoginSecrets; returnTo: string }, Failure>> {
    const state = call.query.get('state') ?? ''
    const flow = await logins.takeFlow(hashSecret(state))
    if (!flow || flow.expiresAt <= clock.now()) return fail({ reason: 'state_unknown' })
    const binding = readBinding(call)
    if (binding === undefined || !matchesHash(binding, flow.bindingHash))
      return fail({ reason: 'browser_not_bound' })
    const { nonce, codeVerifier, returnTo } = flow
    return ok({ secrets: { state, nonce, codeVerifier }, returnTo })
  }

  async function signIn(
    call: AthCall,
    person: Person,
    returnTo: string,
    provenAt?: number,
  ): Promise<AthAnswer> {
    const cookie = await people.open(call, person, provenAt)
    options.audit.record({
      event: 'user_signed_in',
      reached: 'identify',
      outcome: 'allowed',
      user_id: person.id,
      ip: call.ip,
      decided_by: login.kind === 'dev' ? 'dev-login' : 'identity-provider',
    })
    await options.audit.settled()
    return redirectAnswer(call, returnTo, [cookie])
  }

  async function refuse(call: AthCall, failure: Failure, returnTo?: string): Promise<AthAnswer> {
    options.audit.record({
      event: 'user_sign_in_failed',
      reached: 'identify',
      outcome: failure.reason === 'dependency_down' ? 'error' : 'denied',
      denial_reason: failure.reason,
      ip: call.ip,
      ...('error' in failure ? { evidence: { error: failure.error } } : {}),
      ...('cause' in failure ? { evidence: { cause: String(failure.cause) } } : {}),
    })
    await options.audit.settled()
    return failedPage(render, call, failure, returnTo)
  }

  async function signOut(call: AthCall): Promise<AthAnswer> {
    const acting = await people.acting(call)
    if (!acting.ok && acting.error === 'forged') return forgedPage(render, call)
    if (acting.ok) {
      options.audit.record({
        event: 'user_signed_out',
        reached: 'identify',
        outcome: 'allowed',
        user_id: acting.value.person.id,
        ip: call.ip,
      })
      await options.audit.settled()
    }
    const body = readBody(call, ['form'])
    const field = body.ok ? body.value['return_to'] : undefined
    const returnTo = readReturnTo(typeof field === 'string' ? field : null, options.baseUrl)
    return signedOutPage(render, call, await people.close(call), returnTo)
  }

  return {
    people,
    render,
    answer: answerRoutes({
      '/login': { GET: start },
      '/login/callback': { GET: finish },
      '/logout': { POST: signOut },
    }),
  }
}

const devSessionSeconds = 8 * 3600

function takeAttempt(limits: RateLimits, call: AthCall): Result<void, Failure> {
  const over = limits.take('login_ip', callerKey(call.ip))
  return over ? fail({ reason: 'rate_limited', ...over }) : ok(undefined)
}

function readBinding(call: AthCall): string | undefined {
  const value = readCookie(call, bindingCookie)
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined
}

/** Issuers are compared as URLs, so that a slash at the end of the configured one signs nobody out. */
function isSameIssuer(one: string, other: string): boolean {
  return URL.canParse(one) && new URL(one).href === new URL(other).href
}
