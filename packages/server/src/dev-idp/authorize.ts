import type { Clock, Random } from '@ath-protocol/types'
import { chooseLanguage } from '../pages/messages/language.ts'
import type { Language } from '../pages/messages/say.ts'
import { redirectAnswer } from '../wire/answer.ts'
import { readCookie } from '../wire/cookie.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import {
  type AuthorizationFault,
  type AuthorizationRequest,
  readAuthorizationRequest,
} from './authorization-request.ts'
import type { FindClient } from './client.ts'
import { createExpiringMap } from './expiring-map.ts'
import { readForm } from './form.ts'
import type { Grants } from './grant.ts'
import { paths } from './metadata.ts'
import { plainAscii } from './oauth-error.ts'
import { renderPage, stoppedPage } from './page.ts'
import { fixedScopes, scopeNames } from './scope.ts'
import type { DevPerson, DevScope } from './settings.ts'
import { signInPage, signInTitle, type SignInQuestion } from './sign-in-page.ts'
import { texts } from './texts.ts'

export interface AuthorizeOptions {
  readonly issuer: URL
  readonly people: readonly DevPerson[]
  readonly scopes: readonly DevScope[]
  readonly findClient: FindClient
  readonly grants: Grants
  readonly clock: Clock
  readonly random: Random
}

interface Transaction {
  readonly request: AuthorizationRequest
  /** The browser that was asked; no other may answer. */
  readonly browser: string
}

export interface Authorize {
  /** The authorization endpoint. */
  ask(call: AthCall): AthAnswer
  /** What the person said on its page. */
  decide(call: AthCall): AthAnswer
}

const transactionSeconds = 600
const mostTransactions = 1000
const browserCookie = 'ath_dev_idp'

/** Asks a person who they are and what they allow, and sends their answer to the client. */
export function createAuthorize(options: AuthorizeOptions): Authorize {
  const { issuer, clock, random } = options
  const transactions = createExpiringMap<Transaction>(clock, mostTransactions)
  const question = (
    language: Language,
    request: AuthorizationRequest,
    browser: string,
    entered?: SignInQuestion['entered'],
  ): SignInQuestion => {
    const transaction = random.token(32)
    transactions.set(transaction, { request, browser }, clock.now() + transactionSeconds)
    const action = issuer.pathname + paths.decide
    const { people, scopes } = options
    const asked = { language, request, people, scopes, action, transaction }
    return entered ? { ...asked, entered } : asked
  }

  return {
    ask(call) {
      const language = chooseLanguage(call)
      const form = call.method === 'POST' ? readForm(call) : undefined
      const parameters = form?.ok ? form.value : call.query
      const read = readAuthorizationRequest(
        parameters,
        options.findClient,
        scopeNames(options.scopes),
      )
      if (!read.ok) return answerFault(call, language, read.error, issuer)
      const known = readCookie(call, browserCookie)
      const browser = known ?? random.token(32)
      return renderPage({
        status: 200,
        language,
        title: signInTitle(language, read.value.client),
        body: signInPage(question(language, read.value, browser)),
        ...(call.method === 'GET' ? { otherLanguage: inOtherLanguage(call, language) } : {}),
        ...(known === undefined ? { cookies: [setBrowser(issuer, browser)] } : {}),
      })
    },

    decide(call) {
      const form = readForm(call)
      const fields = form.ok ? form.value : new URLSearchParams()
      const language = chooseLanguage({ query: fields, headers: call.headers })
      const transaction = transactions.take(fields.get('transaction') ?? '')
      if (!transaction || transaction.browser !== readCookie(call, browserCookie))
        return stoppedPage(language, 400, texts[language].too_late)
      const { request, browser } = transaction
      const back = (answer: Readonly<Record<string, string>>) =>
        sendBack(call, issuer, request, answer)
      if (fields.get('decision') !== 'approve')
        return back({ error: 'access_denied', error_description: 'the person said no' })
      const person = options.people.find(({ id }) => id === fields.get('person'))
      const ticked = fields.getAll('scope')
      const scopes = request.scopes.filter(
        (scope) => fixedScopes.includes(scope) || ticked.includes(scope),
      )
      if (!person || onlyOffline(scopes)) {
        const problem = person ? 'nothing' : 'noPerson'
        return renderPage({
          status: 400,
          language,
          title: signInTitle(language, request.client),
          body: signInPage(
            question(language, request, browser, { problem, person: person?.id, scopes: ticked }),
          ),
        })
      }
      const grant = {
        clientId: request.client.clientId,
        person,
        scopes,
        resources: request.resources,
        nonce: request.nonce,
        authTime: Math.floor(clock.now()),
        ended: false,
      }
      return back({ code: options.grants.issueCode(grant, request) })
    },
  }
}

/** Nothing to be away with. */
const onlyOffline = (scopes: readonly string[]) =>
  scopes.every((scope) => scope === 'offline_access')

function inOtherLanguage({ path, query }: AthCall, language: Language): string {
  const other = new URLSearchParams(query)
  other.set('lang', language === 'en' ? 'zh-CN' : 'en')
  return `${path}?${other}`
}

/** No `Secure` on plain http: some browsers would drop it, also on localhost. */
function setBrowser({ pathname, protocol }: URL, value: string): string {
  const secure = protocol === 'https:' ? '; Secure' : ''
  return `${browserCookie}=${value}; Max-Age=86400; Path=${pathname}; HttpOnly; SameSite=Lax${secure}`
}

function answerFault(
  call: AthCall,
  language: Language,
  fault: AuthorizationFault,
  issuer: URL,
): AthAnswer {
  if (fault.kind !== 'sent') return stoppedPage(language, 400, texts[language][fault.kind])
  const error_description = plainAscii(fault.description)
  return sendBack(call, issuer, fault, { error: fault.error, error_description })
}

/** With `iss`, so that the client knows who answers (RFC 9207). */
function sendBack(
  call: AthCall,
  issuer: URL,
  { redirectUri, state }: Pick<AuthorizationRequest, 'redirectUri' | 'state'>,
  answer: Readonly<Record<string, string>>,
): AthAnswer {
  const to = new URL(redirectUri)
  for (const [name, value] of Object.entries(answer)) to.searchParams.append(name, value)
  if (state !== undefined) to.searchParams.append('state', state)
  to.searchParams.append('iss', issuer.href)
  return redirectAnswer(call, to.href)
}
