import type { AthPorts } from './endpoint/ports.ts'
import { endGrant, endUpstream } from './grant/end-grant.ts'
import type { ReplayStore } from './ports/replay.ts'

/**
 * Housekeeping, once a minute or so: forgets what expired and gives provider tokens back whose grant ended without
 * anybody calling (expired, consented but never exchanged, upstream unreachable at the time). Safe to run on any node.
 */
export async function sweep(ports: AthPorts, replay: ReplayStore): Promise<void> {
  const now = ports.clock.now()
  await replay.sweep(now)
  await ports.handshakes.sweep(now - 3600)
  await ports.tokens.sweep(now - 86_400)
  for (const grantId of await ports.providerTokens.listGrantIds()) {
    const grant = await ports.grants.find(grantId)
    if (!grant) await ports.providerTokens.remove(grantId)
    else if (grant.revokedAt !== undefined) await endUpstream(ports, grant)
    else if (grant.expiresAt <= now) await (await endGrant(ports, grant)).upstream
  }
}
