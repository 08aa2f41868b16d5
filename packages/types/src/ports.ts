/** Wall-clock time. Rules never read the machine's clock themselves. */
export interface Clock {
  /** Now, in Unix seconds with fraction. */
  now(): number
}

/** Cryptographically secure randomness. */
export interface Random {
  /** `bytes` random bytes as unpadded base64url text. */
  token(bytes: number): string
}
