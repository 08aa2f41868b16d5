import { ath } from '@ath-protocol/server/express'
import express from 'express'
import { findFreePort } from '../../packages/conformance/test/subjects/listen.ts'
import { flags, type RunningSubject } from '../../packages/conformance/test/subjects/subject.ts'
import { registerUserKey } from '../../packages/conformance/test/subjects/user-key.ts'
import { echo } from './echo.ts'
import { raisedLimits } from './raised-limits.ts'
import { serveApp } from './serve-app.ts'
import type { Surroundings } from './surroundings.ts'

/** An app that speaks ATH itself, with its development log-in: as little as there can be. */
export async function startNativeApp({
  certificate,
  keepUserKey,
}: Surroundings): Promise<RunningSubject> {
  const [port, agentPort] = [await findFreePort(), await findFreePort()]
  const url = `https://localhost:${port}`
  const agents = ath({
    url,
    appId: 'com.example.notes',
    name: 'Notes',
    apiBase: '/api',
    scopes: {
      'notes:read': { routes: ['GET /api/notes', '* /api/anything'], description: 'Read notes' },
      'notes:write': { routes: ['POST /api/notes'], description: 'Write notes' },
    },
    devIdp: true,
    agents: [{ agent: `http://127.0.0.1:${agentPort}/*`, allow: 'all' }],
    limits: raisedLimits,
    audit: () => undefined,
    log: () => undefined,
  })
  const app = express()
  app.use(agents)
  app.use('/api', echo)
  const stop = await serveApp(app, { port, certificate })
  const key = keepUserKey(await registerUserKey(`${url}/ath/me/keys`))
  return {
    name: 'native app',
    url,
    options: (handshake) =>
      flags({
        url,
        handshake,
        mode: 'native',
        consent: 'auto',
        'user-key': key,
        'agent-listen': `127.0.0.1:${agentPort}`,
        call: 'GET /notes',
        echo: '/anything',
      }),
    async close() {
      await stop()
      await agents.close()
    },
  }
}
