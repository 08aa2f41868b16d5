import type { UserId } from '@ath-protocol/types'

/** One passkey of one person (WebAuthn Level 3 §6.1). Only its public half is here. */
export interface Passkey {
  /** Base64url, at most 1023 bytes (§7.1). */
  readonly credentialId: string
  readonly userId: UserId
  /** COSE_Key bytes, base64url. */
  readonly publicKey: string
  /** Signature counter; stays 0 where the authenticator does not count (§6.1.1). */
  readonly counter: number
  /** As the browser said: `internal`, `hybrid`, `usb`, … */
  readonly transports: readonly string[]
  /** The person's own name for it. */
  readonly label: string
  /** Whether it is backed up, as the authenticator last said. */
  readonly backedUp: boolean
  readonly createdAt: number
  readonly lastUsedAt?: number
}

/** All methods are durable when they return. */
export interface PasskeyStore {
  /** False when the credential is registered, by whomever. */
  insert(passkey: Passkey): Promise<boolean>
  find(credentialId: string): Promise<Passkey | undefined>
  /** Oldest first. */
  list(userId: UserId): Promise<readonly Passkey[]>
  /**
   * Writes down a use: only while the counter is still `seen`, so that of two uses that read the same counter one
   * counts. The caller has checked that `counter` is higher, or that both are 0. False when it is not, or unknown.
   */
  bump(
    credentialId: string,
    seen: number,
    use: { readonly counter: number; readonly backedUp: boolean; readonly at: number },
  ): Promise<boolean>
  /** False when it is not this user's. */
  remove(userId: UserId, credentialId: string): Promise<boolean>
}
