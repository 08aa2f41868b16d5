import type { IdentityDocuments } from '../ports/identity-documents.ts'
import type { DidDocuments } from '../ports/nine-step.ts'
import { fail, ok } from '@ath-protocol/types'

/** DID documents of the web, through the same guard as agent.json: wherever a DID leads, it leads nowhere private (U4). */
export function didDocuments(documents: IdentityDocuments): DidDocuments {
  return {
    async fetch(document) {
      const fetched = await documents.fetch(document)
      if (fetched.ok) return ok(fetched.value.json)
      const { kind, evidence } = fetched.error
      return fail({ kind: 'did_unresolved', evidence: evidence ?? kind })
    },
  }
}
