import { text } from 'node:stream/consumers'
import { ath } from '@ath-protocol/server/express'
import express from 'express'
import { findFreePort, serve } from '../../packages/conformance/test/subjects/listen.ts'
import { flags, type RunningSubject } from '../../packages/conformance/test/subjects/subject.ts'
import { registerUserKey } from '../../packages/conformance/test/subjects/user-key.ts'

/** An app that speaks ATH itself, with its development log-in: as little as there can be. */
export async function startNativeApp(
  userKeyFile: (pem: string) => string,
): Promise<RunningSubject> {
  const [port, agentPort] = [await findFreePort(), await findFreePort()]
  const url = `http://127.0.0.1:${port}`
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
    audit: () => undefined,
    log: () => undefined,
  })
  const app = express()
  // The suite asks faster than people do: every request comes from another address, so that no limit is met.
  let caller = 0
  app.set('trust proxy', true)
  app.use((request, _response, next) => {
    caller++
    request.headers['x-forwarded-for'] = `10.0.${(caller >> 8) & 255}.${caller & 255}`
    next()
  })
  app.use(agents)
  app.use('/api', (request, response) => {
    void text(request).then((data) => {
      response.json({ method: request.method, headers: request.headers, data })
    })
  })
  const { close } = await serve(app, port)
  const key = userKeyFile(await registerUserKey(`${url}/ath/me/keys`))
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
    close,
  }
}
