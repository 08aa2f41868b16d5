import { didOfKey } from '@ath-protocol/types'
import type { ConsentNotifier } from '../ports/consents.ts'
import type { IdentityDocuments } from '../ports/identity-documents.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'
import type { Signer } from '../ports/signer.ts'
import type { Store } from '../ports/store.ts'
import { didDocuments } from './did-documents.ts'
import { openServerKey } from './server-key.ts'

/** What the nine-step handshake stands on. `serverDid`: a name for the server; absent: the one that its key makes (U4). */
export async function openNineStep(parts: {
  readonly store: Store
  readonly handshakeSigner: Signer
  readonly tokenSigner: Signer
  readonly documents: IdentityDocuments
  readonly notifier: ConsentNotifier
  readonly serverDid?: string | undefined
}): Promise<NineStepPorts> {
  const { store, documents, notifier } = parts
  const [handshakeKey, tokenKey] = await Promise.all([
    openServerKey(parts.handshakeSigner),
    openServerKey(parts.tokenSigner),
  ])
  const serverDid = parts.serverDid ?? didOfKey(handshakeKey.publicKey)
  return {
    serverDid,
    handshakes: store.nineStep,
    sessions: store.sessions,
    userKeys: store.userKeys,
    preAuthorizations: store.preAuthorizations,
    legs: store.legs,
    dids: didDocuments(documents),
    notifier,
    replay: store.replay,
    // Whoever checks a signature of the handshake looks for the server by its DID (U1).
    handshakeKey: { ...handshakeKey, signer: { ...handshakeKey.signer, kid: serverDid } },
    tokenKey,
  }
}
