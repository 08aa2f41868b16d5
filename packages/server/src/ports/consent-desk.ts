import type { Result, Failure, UserId } from '@ath-protocol/types'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import type { Handshake } from './handshakes.ts'
import type { Registration } from './registry.ts'

/** All that a person needs to decide, as one object; every channel that asks shows exactly this. */
export interface ConsentQuestion {
  readonly handshake: Handshake
  readonly agent: Registration
  readonly provider: { readonly id: string; readonly displayName: string }
  /** Every scope the provider has, marked. `offered`: requested and approved by the service. */
  readonly scopes: readonly {
    readonly name: string
    readonly description: string | undefined
    readonly requested: boolean
    readonly approvedByService: boolean
    readonly offered: boolean
  }[]
  /** How long the grant would live, in seconds, at most. */
  readonly grantLifetimeSeconds: number
  /** Where the form posts to: the path of this request. */
  readonly formAction: string
}

export type ConsentDecision =
  | {
      readonly kind: 'approve'
      readonly userId: UserId
      readonly scopes: readonly string[]
      readonly lifetimeSeconds: number
    }
  | { readonly kind: 'deny'; readonly userId: UserId }
  /** Sign in first, a form error, an expired page: the desk answers itself. */
  | { readonly kind: 'answer'; readonly answer: AthAnswer }

/**
 * Asks the signed-in person. It identifies the user, shows the page, checks CSRF, and reads the form.
 * A GET never decides. Pages escape everything the agent said.
 */
export interface ConsentDesk {
  /** GET: a page, or a redirect to sign in. */
  present(call: AthCall, question: ConsentQuestion): Promise<AthAnswer>
  /** POST: the decision. Scopes are a subset of those offered; the handlers check it again. */
  decide(call: AthCall, question: ConsentQuestion): Promise<Result<ConsentDecision, Failure>>
  /** The user of this browser, when signed in (for revocation by users, R105); CSRF is checked. */
  signedInUser(call: AthCall): Promise<UserId | undefined>
  /** A plain page for people: the end of a handshake, or an error that a browser sees. */
  notice(call: AthCall, notice: Notice): AthAnswer
  /**
   * Sends the browser on to another site after a decision was posted. A page, not a redirect: Chromium holds every
   * redirect that follows a form post to the `form-action` of the page it came from, and a provider that hands people
   * to a company log-in passes through origins that nobody here can list.
   */
  handOver(call: AthCall, to: string): AthAnswer
}

/** What a page tells a person when there is nothing to ask. */
export interface Notice {
  readonly kind: 'done' | 'denied' | 'expired' | 'wrong_browser' | 'upstream_failed' | 'unknown'
  readonly agentName?: string
  readonly status: number
}

/** People, by issuer and subject: the same person is the same user every time (C24). */
export interface UserDirectory {
  /** Finds or makes the user. Atomic: two first log-ins make one user. */
  ensure(person: {
    readonly issuer: string
    readonly subject: string
    readonly name?: string
    readonly email?: string
  }): Promise<UserId>
  /** Whether there is such a user. */
  has(id: UserId): Promise<boolean>
}
