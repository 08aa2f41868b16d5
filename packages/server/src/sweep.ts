import type { AthPorts } from './endpoint/ports.ts'
import { endGrant, endUpstream } from './grant/end-grant.ts'
import type { ConsentRequest } from './ports/consents.ts'
import type { NineStepPorts } from './ports/nine-step.ts'
import type { ReplayStore } from './ports/replay.ts'

const hour = 3600
const day = 24 * hour

/**
 * Housekeeping, once a minute or so: forgets what expired and gives provider tokens back whose grant ended without
 * anybody calling (expired, consented but never exchanged, upstream unreachable at the time). Safe to run on any node.
 */
export async function sweep(ports: AthPorts, replay: ReplayStore): Promise<void> {
  const now = ports.clock.now()
  await replay.sweep(now)
  await ports.handshakes.sweep(now - hour)
  await ports.tokens.sweep(now - day)
  await ports.consents.sweep(now - day)
  const expired = await ports.consents.takeExpired(now)
  if (ports.nineStep) await sweepNineStep(ports.nineStep, now)
  await endExpiredGrants(ports, now)
  // Last, since channels may be slow.
  await tellExpired(ports, expired)
}

/** Grants of handshakes that were denied or went no further end by their own expiry, like those of sessions. */
async function sweepNineStep(nineStep: NineStepPorts, now: number): Promise<void> {
  await nineStep.replay.sweep(now)
  await nineStep.legs.sweep(now)
  await nineStep.handshakes.sweep(now - hour)
  await nineStep.sessions.sweep(now - day)
  await nineStep.preAuthorizations.sweep(now - day)
}

async function endExpiredGrants(ports: AthPorts, now: number): Promise<void> {
  for (const grantId of await ports.providerTokens.listGrantIds()) {
    const grant = await ports.grants.find(grantId)
    if (!grant) await ports.providerTokens.remove(grantId)
    else if (grant.revokedAt !== undefined) await endUpstream(ports, grant)
    else if (grant.expiresAt <= now) await (await endGrant(ports, grant)).upstream
  }
}

/** What was sent about a question must not look open once nobody can answer it. */
async function tellExpired(ports: AthPorts, expired: readonly ConsentRequest[]): Promise<void> {
  for (const consent of expired) await ports.nineStep?.notifier.settled(consent)
}
