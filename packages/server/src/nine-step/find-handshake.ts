import {
  checkTimestamp,
  type Failure,
  fail,
  importJwk,
  type NineStepEvent,
  nineStepStatesBefore,
  ok,
  type PublicKey,
  type Result,
} from '@ath-protocol/types'
import { takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { NineStepHandshake, NineStepPorts } from '../ports/nine-step.ts'
import { faultResult, refused } from './message.ts'

export interface FoundHandshake {
  readonly handshake: NineStepHandshake
  readonly clientKey: PublicKey
}

/**
 * The handshake a message belongs to, when this message comes next. One that does not ends the handshake (U3): whoever
 * sends messages twice or in another order is not the client that this server is talking to, or is broken.
 */
export async function findHandshake(
  ports: AthPorts,
  nineStep: NineStepPorts,
  message: { readonly handshake_id: string; readonly timestamp: number },
  next: NineStepEvent,
): Promise<Result<FoundHandshake, Failure>> {
  const handshake = await nineStep.handshakes.find(message.handshake_id)
  if (!handshake) return fail({ reason: 'nine_step_unknown' })
  const within = takeLimit(ports.limits, 'handshake_client', handshake.thumbprint)
  if (!within.ok) return within
  const now = ports.clock.now()
  if (now >= handshake.expiresAt) return refused('expired')
  if (!nineStepStatesBefore(next).includes(handshake.state))
    return endHandshake(
      ports,
      nineStep,
      handshake,
      refused('out_of_order', { evidence: handshake.state }),
    )
  const fresh = faultResult(
    checkTimestamp(message.timestamp, { now, previous: handshake.lastTimestamp }),
  )
  if (!fresh.ok) return endHandshake(ports, nineStep, handshake, fresh)
  const key = await importJwk(handshake.clientKey)
  return key.ok ? ok({ handshake, clientKey: key.value }) : refused('key_malformed')
}

/** Ends a handshake whose message was refused: the client starts anew (D10). What failed for want of a dependency may be sent again. */
export async function endHandshake<T>(
  ports: AthPorts,
  nineStep: NineStepPorts,
  handshake: NineStepHandshake,
  result: Result<T, Failure>,
): Promise<Result<T, Failure>> {
  if (result.ok) return result
  const { reason } = result.error
  if (reason === 'dependency_down' || reason === 'rate_limited' || reason === 'bug') return result
  await nineStep.handshakes.advance(handshake.id, 'fail', ports.clock.now(), { endReason: reason })
  return result
}
