import type { Result, UserId } from '@ath-protocol/types'

/** Why an assertion was not taken. All look the same to the browser. */
export type PasskeyFault =
  | 'malformed'
  | 'credential_unknown'
  | 'credential_of_other_user'
  | 'user_not_verified'
  /** The counter went back or stood still: the passkey may have been copied (WebAuthn §6.1.1). */
  | 'counter_regressed'
  | 'assertion_wrong'

/** What people confirm with: a key in their device that asks for their finger, face or PIN each time (U7, D19). */
export interface Passkeys {
  /** Whether the person has one, so that a page can say what to do first. */
  has(userId: UserId): Promise<boolean>
  /**
   * What the browser is asked for, as JSON text for the `data-passkey-get` of a form (see `passkey-form.ts`): one of the
   * person's passkeys over this challenge, with user verification.
   */
  requestOptions(userId: UserId, challenge: Uint8Array): Promise<string>
  /** Checks what the browser sent in the field `passkey`. The caller sees to it that a challenge is used once. */
  verify(
    userId: UserId,
    challenge: Uint8Array,
    assertion: string,
  ): Promise<Result<{ readonly credentialId: string }, PasskeyFault>>
}
