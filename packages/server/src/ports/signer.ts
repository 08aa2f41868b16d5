/** An ES256 key that may live outside the process (KMS, Vault). */
export interface Signer {
  readonly kid: string
  publicJwk(): {
    readonly kty: 'EC'
    readonly crv: 'P-256'
    readonly x: string
    readonly y: string
    readonly kid: string
    readonly alg: 'ES256'
    readonly use: 'sig'
  }
  /** r‖s, 64 bytes. */
  sign(input: Uint8Array): Promise<Uint8Array>
}
