import type { Failure, ProviderId, ProviderScope, Result, UserId } from '@ath-protocol/types'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import type { ConsentRequest, Risk } from './consents.ts'
import type { Registration } from './registry.ts'

/** All that a person needs to decide, as one object; every channel that asks shows exactly this. */
export interface ConsentQuestion {
  readonly consent: ConsentRequest
  readonly agent: Registration
  /** The services that the agent wants to use: one in the two-phase handshake. */
  readonly providers: readonly QuestionProvider[]
  /** Where the form posts to: the path of this request. */
  readonly formAction: string
}

export interface QuestionProvider {
  readonly id: ProviderId
  readonly displayName: string
  /** Every scope that the provider has, marked. `offered`: requested, and approved by the service even now. */
  readonly scopes: readonly {
    readonly name: string
    readonly description: string | undefined
    readonly risk: Risk
    readonly requested: boolean
    readonly approvedByService: boolean
    readonly offered: boolean
  }[]
}

export type ConsentDecision =
  | {
      readonly kind: 'approve'
      readonly userId: UserId
      readonly scopes: readonly ProviderScope[]
      readonly lifetimeSeconds: number
      /** How the person proved to be the one who decides. */
      readonly method: 'session' | 'passkey'
      /** Step 7 as canonical JSON with what a passkey signed it with. */
      readonly message?: string
    }
  | { readonly kind: 'deny'; readonly userId: UserId }
  /** Sign in first, a form error, an expired page, a passkey to ask for: the desk answers itself. */
  | { readonly kind: 'answer'; readonly answer: AthAnswer }

/**
 * Asks the signed-in person. It identifies the user, shows the page, checks CSRF, reads the form and checks a passkey.
 * A GET never decides. Pages escape everything the agent said. Where the question is to one person
 * (`consent.userId`), anybody else fails with `consent_of_other_user` before anything of it is shown.
 */
export interface ConsentDesk {
  /** GET: a page, or a redirect to sign in. */
  present(call: AthCall, question: ConsentQuestion): Promise<Result<AthAnswer, Failure>>
  /** POST: the decision. Scopes are a subset of those offered; the handlers check it again. */
  decide(call: AthCall, question: ConsentQuestion): Promise<Result<ConsentDecision, Failure>>
  /** The user of this browser, when signed in (for revocation by users, R105); CSRF is checked. */
  signedInUser(call: AthCall): Promise<UserId | undefined>
  /** Sends the browser to sign in and come back to this page. */
  signIn(call: AthCall): AthAnswer
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
  readonly kind:
    | 'done'
    | 'denied'
    | 'expired'
    | 'wrong_browser'
    | 'other_user'
    | 'upstream_failed'
    | 'not_now'
    | 'unknown'
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
