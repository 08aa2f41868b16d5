import { ath } from '@ath-protocol/server/express'
import express from 'express'
import { shopAth } from '../../packages/demo/src/shop/ath.config.ts'
import { createShop } from '../../packages/demo/src/shop/shop.ts'
import { shopResource, startIdp } from '../../packages/demo/src/world/idp.ts'
import { findFreePort } from '../../packages/conformance/test/subjects/listen.ts'
import { flags, type RunningSubject } from '../../packages/conformance/test/subjects/subject.ts'
import { registerUserKey } from '../../packages/conformance/test/subjects/user-key.ts'
import { echo } from './echo.ts'
import { raisedLimits } from './raised-limits.ts'
import { serveApp } from './serve-app.ts'
import type { Surroundings } from './surroundings.ts'

const person = { login: 'wang', password: 'wang' }

/** The shop of the demo, with the company's own OAuth server behind it, and a route of the suite's beside its own. */
export async function startShopSubject({
  certificate,
  keepUserKey,
}: Surroundings): Promise<RunningSubject> {
  const [port, agentPort] = [await findFreePort(), await findFreePort()]
  const url = `https://localhost:${port}`
  const nowhere = 'http://127.0.0.1:9'
  const idp = await startIdp({ loginRedirectUri: nowhere, crmRedirectUri: nowhere, shopUrl: url })
  const { issuer } = idp
  const settings = shopAth({
    url,
    oauth: { issuer, ...idp.shopAgents },
    agents: [{ agent: `http://127.0.0.1:${agentPort}/*`, allow: 'all' }],
    audit: () => undefined,
    log: () => undefined,
  })
  const agents = ath({
    ...settings,
    scopes: { ...settings.scopes, 'cart:read': ['GET /api/cart', '* /api/anything'] },
    limits: raisedLimits,
  })
  const app = express()
  app.use('/api/anything', agents, echo)
  app.use(createShop({ url, idp: { issuer, resource: shopResource, ...idp.shop }, agents }))
  const stop = await serveApp(app, { port, certificate })
  const key = keepUserKey(await registerUserKey(`${url}/ath/me/keys`, person))
  return {
    name: 'shop',
    url,
    options: (handshake) => [
      ...flags({
        url,
        handshake,
        mode: 'native',
        consent: 'auto',
        'user-key': key,
        'agent-listen': `127.0.0.1:${agentPort}`,
        call: 'GET /products',
        echo: '/anything',
      }),
      ...Object.entries(person).flatMap(([name, value]) => ['--form', `${name}=${value}`]),
    ],
    async close() {
      await stop()
      await Promise.all([agents.close(), idp.close()])
    },
  }
}
