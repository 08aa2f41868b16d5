import type { AuditAnchor } from '../ports/audit-anchor.ts'

/** The signed head in process memory: it holds while the process lives. */
export class InMemoryAuditAnchor implements AuditAnchor {
  #head: string | undefined

  async read(): Promise<string | undefined> {
    return this.#head
  }

  async save(signedHead: string): Promise<void> {
    this.#head = signedHead
  }
}
