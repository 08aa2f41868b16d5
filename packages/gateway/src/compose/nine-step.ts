import type { ConsentNotifier, NineStepPorts } from '@ath-protocol/server'
import { openNineStep as open } from '@ath-protocol/server/parts'
import type { GatewayConfig } from '../config/config.ts'
import type { Core } from './core.ts'

/** What the nine-step handshake stands on, or undefined where the configuration does not offer it. */
export async function openNineStep(
  { ath, serverDid }: GatewayConfig,
  { keys, store, outbound }: Core,
  notifier: ConsentNotifier,
): Promise<NineStepPorts | undefined> {
  if (!ath.nineStep) return undefined
  return open({
    store,
    handshakeSigner: keys.signer('handshake'),
    tokenSigner: keys.signer('token'),
    documents: outbound.identityDocuments,
    notifier,
    serverDid,
  })
}
