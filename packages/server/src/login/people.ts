import { type AuditSink } from '../ports/audit.ts'
import { hashSecret, matchesHash } from '../secret/hash.ts'
import { readBody } from '../wire/body.ts'
import { hostCookie, readCookie } from '../wire/cookie.ts'
import { type AthCall } from '../wire/http.ts'
import { type Clock, fail, ok, type Random, type Result } from '@ath-protocol/types'
import type { LoginSession, LoginStore, Person } from '../ports/logins.ts'
import { isFromOurPages } from './same-origin.ts'

export interface SignedIn {
  readonly person: Person
  readonly session: LoginSession
}

/** Who is at the other end: the browsers that signed in, and whether a call is really their own. */
export interface People {
  current(call: AthCall): Promise<SignedIn | undefined>
  /**
   * For calls that change something: signed in, sent from our own pages, with this session's token in the form field
   * `csrf` or the header `x-csrf-token`.
   */
  acting(call: AthCall): Promise<Result<SignedIn, 'signed_out' | 'forged'>>
  /**
   * Signs in under a new session, ends the browser's old one, and returns the cookie to set. `provenAt`: when the person
   * last proved who they are, if that was before.
   */
  open(call: AthCall, person: Person, provenAt?: number): Promise<string>
  /** Ends the browser's session and returns the cookie that forgets it. */
  close(call: AthCall): Promise<string>
}

export interface PeopleOptions {
  readonly logins: LoginStore
  readonly clock: Clock
  readonly random: Random
  readonly audit: AuditSink
  /** Base URLs under which the pages are opened; a form comes from one of them. */
  readonly publicUrls: readonly string[]
  /** How long a browser stays signed in, whatever it does. */
  readonly sessionSeconds: number
  /** Sessions of people from elsewhere do not count: a development session ends when a real log-in is configured. */
  readonly trusts: (issuer: string) => boolean
}

export const sessionCookie = '__Host-sallyport_session'

export function createPeople(options: PeopleOptions): People {
  const { logins, clock, random } = options

  async function current(call: AthCall): Promise<SignedIn | undefined> {
    const value = readCookie(call, sessionCookie)
    if (value === undefined) return undefined
    const session = await logins.findSession(hashSecret(value))
    if (!session || session.expiresAt <= clock.now()) return undefined
    const person = await logins.findUser(session.userId)
    return person && options.trusts(person.issuer) ? { person, session } : undefined
  }

  async function end(call: AthCall): Promise<void> {
    const value = readCookie(call, sessionCookie)
    if (value !== undefined) await logins.removeSession(hashSecret(value))
  }

  return {
    current,
    async acting(call) {
      const signedIn = await current(call)
      if (!signedIn) return fail('signed_out')
      if (isFromOurPages(call, options.publicUrls) && carriesToken(call, signedIn.session))
        return ok(signedIn)
      options.audit.record({
        event: 'request_refused',
        reached: 'identify',
        outcome: 'denied',
        denial_reason: 'form_forged',
        user_id: signedIn.person.id,
        method: call.method,
        ip: call.ip,
      })
      await options.audit.settled()
      return fail('forged')
    },
    async open(call, person, provenAt) {
      await end(call)
      const value = random.token(32)
      const now = clock.now()
      await logins.insertSession({
        hash: hashSecret(value),
        userId: person.id,
        csrfToken: random.token(32),
        createdAt: Math.min(now, provenAt ?? now),
        expiresAt: now + options.sessionSeconds,
      })
      return hostCookie(sessionCookie, value, options.sessionSeconds)
    },
    async close(call) {
      await end(call)
      return hostCookie(sessionCookie, '', 0)
    },
  }
}

function carriesToken(call: AthCall, session: LoginSession): boolean {
  const header = call.headers['x-csrf-token']
  const body = header === undefined ? readBody(call, ['form']) : undefined
  const given = header ?? (body?.ok ? body.value['csrf'] : undefined)
  return typeof given === 'string' && matchesHash(given, hashSecret(session.csrfToken))
}
