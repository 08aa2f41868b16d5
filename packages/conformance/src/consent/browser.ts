import { CookieJar } from 'tough-cookie'
import { Unavailable } from '../check/verdict.ts'
import type { Answer, Send } from '../wire/http.ts'
import type { Decision } from './consent.ts'
import { type PageWords, readPage } from './page.ts'

export interface Seen {
  readonly url: string
  readonly answer: Answer
}

export interface VisitOptions {
  /** Ends the visit before this address is opened. */
  readonly stopAt?: (url: URL) => boolean
  /** Which boxes on pages are ticked, by `name=value`. Default all. */
  readonly tick?: (box: string) => boolean
}

export interface Visit {
  /** Every page and redirect, in order. */
  readonly seen: readonly Seen[]
  /** Every address that was opened, and the one at which the visit was stopped. */
  readonly addresses: readonly string[]
  /** Where it stopped because of `stopAt`. */
  readonly stoppedAt: string | undefined
  /** Whether a button that answers was pressed. */
  readonly decided: boolean
}

/** A person's browser without a screen: keeps cookies, follows redirects, fills in forms. */
export interface Browser {
  open(url: string): Promise<Answer>
  /** Goes on from `url` until the person has said `decision` and nothing more is to be done. */
  visit(url: string, decision: Decision, options?: VisitOptions): Promise<Visit>
}

const maxSteps = 40

export function createBrowser(send: Send, words: PageWords): Browser {
  const jar = new CookieJar(undefined, { rejectPublicSuffixes: false })
  const request = async (url: string, method: string, body?: URLSearchParams): Promise<Answer> => {
    const cookie = await jar.getCookieString(url)
    const answer = await send(url, {
      method,
      headers: {
        accept: 'text/html',
        'accept-language': 'en',
        ...(cookie === '' ? {} : { cookie }),
        ...(body ? { origin: new URL(url).origin } : {}),
      },
      ...(body ? { body } : {}),
    })
    for (const line of answer.headers.getSetCookie())
      await jar.setCookie(line, url, { ignoreError: true })
    return answer
  }
  return {
    open: (url) => request(url, 'GET'),
    async visit(start, decision, { stopAt, tick = () => true } = {}) {
      const seen: Seen[] = []
      const addresses: string[] = []
      const answered = new Set<string>()
      let decided = false
      let signsIn = false
      let next: { url: string; method: string; body?: URLSearchParams } = {
        url: start,
        method: 'GET',
      }
      for (let step = 0; step < maxSteps; step++) {
        addresses.push(next.url)
        const at = new URL(next.url)
        signsIn = isSigningIn(at.searchParams) ?? signsIn
        if (stopAt?.(at)) return { seen, addresses, stoppedAt: next.url, decided }
        const answer = await request(next.url, next.method, next.body)
        seen.push({ url: next.url, answer })
        const location = answer.headers.get('location')
        if (location !== null && answer.status >= 300 && answer.status < 400) {
          next = { url: new URL(location, next.url).href, method: 'GET' }
          continue
        }
        const to = readPage(answer.text, signsIn ? 'approve' : decision, words, tick)
        // After a no there is nothing to add; after a yes a provider may still ask its own question.
        if (!to || (decided && decision === 'deny' && to.kind === 'submit'))
          return { seen, addresses, stoppedAt: undefined, decided }
        const address = new URL(to.kind === 'follow' ? to.href : to.action, next.url)
        // A question that is put again was not answered as it wants to be; nobody would answer it the same way twice.
        const said = to.kind === 'submit' ? `${address.href} ${to.fields}` : address.href
        if (to.decides && answered.has(said))
          return { seen, addresses, stoppedAt: undefined, decided }
        if (to.decides) answered.add(said)
        decided ||= to.decides && !signsIn
        next = to.kind === 'follow' ? { url: address.href, method: 'GET' } : followForm(address, to)
      }
      throw new Unavailable(
        `the built-in browser went in circles from ${start}; use --form, --approve-button or --consent command`,
      )
    },
  }
}

const identityScopes = new Set(['openid', 'profile', 'email', 'phone', 'address', 'offline_access'])

/** Whether an OAuth request only asks who somebody is: saying no there is no answer to an agent. Undefined where an address tells nothing. */
function isSigningIn(query: URLSearchParams): boolean | undefined {
  if (query.has('state') && (query.has('code') || query.has('error'))) return false
  if (!query.has('response_type')) return undefined
  const scopes = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '')
  return scopes.length > 0 && scopes.every((scope) => identityScopes.has(scope))
}

function followForm(
  action: URL,
  { method, fields }: { readonly method: string; readonly fields: URLSearchParams },
): { url: string; method: string; body?: URLSearchParams } {
  if (method === 'POST') return { url: action.href, method, body: fields }
  action.search = String(fields)
  return { url: action.href, method }
}
