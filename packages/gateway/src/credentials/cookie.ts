import type { HeaderList } from '@ath-protocol/server'
import { type Clock, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProviderAuth } from '../config/config.ts'
import { type Credential, type Upstream, UpstreamAnswer } from '@ath-protocol/server/parts'
import { createCookieJar } from './cookie-jar.ts'

/**
 * A log-in younger than this that the upstream calls over was not over: the answer means something else (a 403 for this
 * page), and a log-in for each such call would be a storm.
 */
const settleSeconds = 2
/** After the upstream refused our account, nobody knocks again for so long: repeated failures lock accounts. */
const backOffSeconds = 30

/**
 * For systems with a log-in form: the gateway logs in with its own account, keeps the cookies, and logs in again when
 * an answer says that the session is over. The agent never sees a cookie.
 */
export function cookieCredential(
  auth: Extract<ProviderAuth, { kind: 'cookie' }>,
  deps: {
    readonly upstream: Upstream
    readonly origin: URL
    readonly basePath: string
    readonly clock: Clock
  },
): Credential {
  const { clock, upstream, basePath } = deps
  const jar = createCookieJar(deps.origin)
  const loginPath = basePath + auth.login.path
  const loginOf = new WeakMap<HeaderList, number>()
  let login = { number: 0, at: Number.NEGATIVE_INFINITY, alive: false }
  let refusedUntil = 0
  let running: Promise<Result<void, Failure>> | undefined

  function headersFor(path: string): Result<HeaderList, Failure> {
    const cookies = jar.cookiesFor(basePath + path, clock.now())
    const headers = cookies === undefined ? [] : ['cookie', cookies]
    loginOf.set(headers, login.number)
    return ok(headers)
  }

  async function logIn(): Promise<Result<void, Failure>> {
    if (clock.now() < refusedUntil) return credentialFault('log-in was refused a moment ago')
    jar.clear()
    login = { ...login, alive: false }
    const answer = new UpstreamAnswer()
    const form = auth.login.encoding === 'form'
    const body = form
      ? new URLSearchParams(auth.login.fields).toString()
      : JSON.stringify(auth.login.fields)
    const call = upstream.dispatch(
      {
        method: auth.login.method,
        path: loginPath,
        headers: [
          'content-type',
          form ? 'application/x-www-form-urlencoded' : 'application/json',
          'accept',
          '*/*',
        ],
        body: Buffer.from(body),
        longLived: false,
      },
      answer,
    )
    answer.carriedBy(call)
    const head = await answer.head
    if (!head.ok) return head
    answer.stop({ reason: 'upstream_credential', cause: 'only its head is of use' })
    const now = clock.now()
    if (answer.status >= 400 || saysOver(answer.status, answer.headers)) {
      refusedUntil = now + backOffSeconds
      return credentialFault(`log-in answered ${answer.status}`)
    }
    jar.keep(answer.headers, loginPath, now)
    login = { number: login.number + 1, at: now, alive: true }
    return ok(undefined)
  }

  async function logInOnce(path: string): Promise<Result<HeaderList, Failure>> {
    running ??= logIn().finally(() => {
      running = undefined
    })
    const loggedIn = await running
    return loggedIn.ok ? headersFor(path) : loggedIn
  }

  function saysOver(status: number, headers: HeaderList): boolean {
    const { status: statuses, redirectTo } = auth.expiredWhen
    if (statuses.includes(status)) return true
    if (redirectTo === undefined || status < 300 || status > 399) return false
    const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'location')
    const location = index === -1 ? undefined : headers[index + 1]
    if (location === undefined || !URL.canParse(location, deps.origin)) return false
    const path = new URL(location, deps.origin).pathname
    return path === redirectTo || path === basePath + redirectTo
  }

  return {
    reserved: new Set(['cookie']),
    mint: (_, path) => (login.alive && !running ? headersFor(path) : logInOnce(path)),
    session: {
      isOver: (status, headers, sent) =>
        saysOver(status, headers) &&
        (loginOf.get(sent) !== login.number || clock.now() - login.at >= settleSeconds),
      renew(sent, path) {
        // Somebody else may have logged in since this call was sent.
        const newer = login.alive && loginOf.get(sent) !== login.number
        return newer ? Promise.resolve(headersFor(path)) : logInOnce(path)
      },
      seen: (headers, path) => jar.keep(headers, basePath + path, clock.now()),
    },
  }
}

const credentialFault = (cause: string): Result<never, Failure> =>
  fail({ reason: 'upstream_credential', cause })
