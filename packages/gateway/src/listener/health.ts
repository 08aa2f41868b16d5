import type { ServerResponse } from 'node:http'
import { jsonAnswer } from '@ath-protocol/server'
import { send } from './control-plane.ts'

export interface Health {
  /** What is wanting, by name (`store`, `audit`); empty when all is well. */
  missing(): Promise<readonly string[]> | readonly string[]
}

/** `/health/live`: the process answers. `/health/ready`: it can decide and record. True when the target was one of these. */
export function handleHealth(
  target: string,
  response: ServerResponse,
  health: Health & { readonly draining: boolean; readonly secure: boolean },
): boolean {
  if (target === '/health/live') {
    send(response, jsonAnswer(200, { status: 'live' }), health.secure)
    return true
  }
  if (target !== '/health/ready') return false
  if (health.draining) {
    send(response, jsonAnswer(503, { status: 'draining' }), health.secure)
    return true
  }
  void Promise.resolve()
    .then(() => health.missing())
    .catch(() => ['health check'])
    .then((missing) => {
      const ready = missing.length === 0
      const body = ready ? { status: 'ready' } : { status: 'not_ready', missing }
      send(response, jsonAnswer(ready ? 200 : 503, body), health.secure)
    })
  return true
}
