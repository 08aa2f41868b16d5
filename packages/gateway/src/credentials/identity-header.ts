import type { HeaderList } from '@ath-protocol/server'
import {
  type Clock,
  encodeBase64url,
  type Failure,
  fail,
  ok,
  type Random,
  type Result,
  type UserId,
} from '@ath-protocol/types'
import type { ProviderAuth } from '../config/config.ts'
import type { Credential, LiveToken, Person, Signer } from '@ath-protocol/server/parts'
import { reservedName } from './fixed.ts'

/** How long an assertion is good; it is made again when less than `renewAheadSeconds` are left. */
const lifetimeSeconds = 60
const renewAheadSeconds = 20

export interface IdentityHeaderDeps {
  readonly signer: Signer
  readonly clock: Clock
  readonly random: Random
  /** `iss` of the assertion: the gateway's public base URL. */
  readonly issuer: string
  /** The person behind a user id, when the gateway's log-in knows one. */
  readonly findUser: (id: UserId) => Promise<Person | undefined>
}

interface Made {
  readonly until: number
  /** The scopes it tells of: narrowed since, it is made again. */
  readonly told: ReadonlySet<string>
  readonly minted: Result<HeaderList, Failure>
}

/**
 * For systems that believe a proxy in front of them: who the user is and which agent acts, as a short-lived signed
 * assertion and as plain headers. `sub` and the user header are the subject of the gateway's own log-in, which people
 * cannot choose, and never their e-mail address, which they may; without a log-in they are our user id.
 */
export function identityHeaderCredential(
  auth: Extract<ProviderAuth, { kind: 'identity_header' }>,
  deps: IdentityHeaderDeps,
): Credential {
  const made = new WeakMap<LiveToken, Made>()
  const names = [auth.userHeader, auth.agentHeader, auth.scopesHeader, auth.assertionHeader]

  async function make(token: LiveToken): Promise<Result<HeaderList, Failure>> {
    const now = Math.floor(deps.clock.now())
    // Before anything is waited for: what is told is what was decided by.
    const told = token.scopes
    const scopes = [...told].join(' ')
    const person = await deps.findUser(token.userId)
    const subject = person?.subject ?? token.userId
    const assertion = await sign(deps.signer, {
      iss: deps.issuer,
      aud: auth.audience,
      sub: subject,
      ...(person ? { sub_iss: person.issuer } : {}),
      ...(person?.name === undefined ? {} : { name: person.name }),
      ...(person?.email === undefined ? {} : { email: person.email }),
      act: { sub: token.agentId },
      scope: scopes,
      iat: now,
      exp: now + lifetimeSeconds,
      jti: deps.random.token(16),
    })
    const values: readonly [string, string][] = [
      [auth.userHeader, fieldValue(subject)],
      [auth.agentHeader, fieldValue(token.agentId)],
      [auth.scopesHeader, scopes],
      [auth.assertionHeader, assertion],
    ]
    const minted = ok(values.filter(([name]) => name !== '').flat())
    made.set(token, { until: now + lifetimeSeconds - renewAheadSeconds, told, minted })
    return minted
  }

  return {
    reserved: new Set(names.filter((name) => name !== '').map(reservedName)),
    mint(token) {
      const known = made.get(token)
      if (known && known.told === token.scopes && deps.clock.now() < known.until)
        return known.minted
      return make(token).catch((cause: unknown) =>
        fail({
          reason: 'dependency_down',
          dependency: 'signer',
          cause: cause instanceof Error ? cause.message : String(cause),
        }),
      )
    },
  }
}

async function sign(signer: Signer, claims: Readonly<Record<string, unknown>>): Promise<string> {
  const part = (value: unknown) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)))
  const input = `${part({ alg: 'ES256', typ: 'JWT', kid: signer.kid })}.${part(claims)}`
  return `${input}.${encodeBase64url(await signer.sign(new TextEncoder().encode(input)))}`
}

/** A subject is the identity provider's text: what is not visible ASCII is percent-encoded, so that no line can be added. */
function fieldValue(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]/gu, (character) => {
    try {
      return encodeURIComponent(character)
    } catch {
      return '%EF%BF%BD'
    }
  })
}
