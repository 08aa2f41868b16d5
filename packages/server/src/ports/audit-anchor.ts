/**
 * A second place for the signed head of the audit chain, away from the segment files: with it, putting back an older
 * copy of the whole audit folder is found too. Durable when `save` returns.
 */
export interface AuditAnchor {
  /** The text saved last. */
  read(): Promise<string | undefined>
  save(signedHead: string): Promise<void>
}
