/**
 * Encrypts what must not lie on disk in clear. AES-256-GCM; `context` (table, column and row id) is authenticated, so
 * that a sealed value moved to another row does not open.
 */
export interface Seal {
  /** Returns `v1.<key id>.<base64url>`. */
  seal(plain: string, context: string): string
  /** Throws when the value was changed, moved, or sealed with a key that is gone. */
  open(sealed: string, context: string): string
}
