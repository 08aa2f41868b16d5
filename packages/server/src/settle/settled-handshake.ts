import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { NineStepHandshake, NineStepPorts } from '../ports/nine-step.ts'
import { finishGranting, settleNineStep } from './settle.ts'

/** Where a handshake is after its person's answer. What a crash left undone between answer and consequence is done now. */
export async function settledHandshake(
  ports: AthPorts,
  nineStep: NineStepPorts,
  consent: ConsentRequest,
): Promise<NineStepHandshake | undefined> {
  const handshake = await nineStep.handshakes.find(consent.handshake.id)
  if (handshake?.state === 'asking') await settleNineStep(ports, consent)
  else if (handshake?.state === 'allowed') await finishGranting(ports, handshake)
  else return handshake
  return nineStep.handshakes.find(consent.handshake.id)
}
