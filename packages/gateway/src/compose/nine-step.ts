import type { ConsentNotifier, NineStepPorts } from '@ath-protocol/server'
import { didOfKey } from '@ath-protocol/types'
import type { GatewayConfig } from '../config/config.ts'
import type { Core } from './core.ts'
import { didDocuments, openServerKey } from '@ath-protocol/server/parts'

/** What the nine-step handshake stands on, or undefined where the configuration does not offer it. */
export async function openNineStep(
  config: GatewayConfig,
  { keys, store, outbound }: Core,
  notifier: ConsentNotifier,
): Promise<NineStepPorts | undefined> {
  if (!config.ath.nineStep) return undefined
  const [handshakeKey, tokenKey] = await Promise.all([
    openServerKey(keys.signer('handshake')),
    openServerKey(keys.signer('token')),
  ])
  const serverDid = config.serverDid ?? didOfKey(handshakeKey.publicKey)
  return {
    serverDid,
    handshakes: store.nineStep,
    sessions: store.sessions,
    userKeys: store.userKeys,
    preAuthorizations: store.preAuthorizations,
    legs: store.legs,
    dids: didDocuments(outbound.identityDocuments),
    notifier,
    replay: store.replay,
    // Whoever checks a signature of the handshake looks for the server by its DID (U1).
    handshakeKey: { ...handshakeKey, signer: { ...handshakeKey.signer, kid: serverDid } },
    tokenKey,
  }
}
