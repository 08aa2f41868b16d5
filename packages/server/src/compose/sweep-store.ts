import { type AthPorts } from '../endpoint/ports.ts'
import { sweep } from '../sweep.ts'
import type { Store } from '../ports/store.ts'

/** Longer than any question is kept. */
const deliverySeconds = 2 * 86_400

/** One round of housekeeping over everything that is stored. Every part is tried, and each failure told. */
export async function sweepStore(
  ports: AthPorts,
  store: Pick<Store, 'replay' | 'logins' | 'deliveries'>,
  failed: (cause: unknown) => void,
): Promise<void> {
  const now = ports.clock.now()
  await Promise.all([
    sweep(ports, store.replay).catch(failed),
    store.logins.sweep(now).catch(failed),
    store.deliveries.sweep(now - deliverySeconds).catch(failed),
  ])
}
