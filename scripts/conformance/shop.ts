import { startShop } from '../../packages/demo/src/shop/start-shop.ts'
import { findFreePort } from '../../packages/conformance/test/subjects/listen.ts'
import { flags, type RunningSubject } from '../../packages/conformance/test/subjects/subject.ts'

/** The shop of the demo, with the company's own OAuth server behind it. */
export async function startShopSubject(): Promise<RunningSubject> {
  const agentPort = await findFreePort()
  const { url, close } = await startShop({
    agents: {
      agents: [{ agent: `http://127.0.0.1:${agentPort}/*`, allow: 'all' }],
      audit: () => undefined,
      log: () => undefined,
    },
  })
  return {
    name: 'shop',
    url,
    options: (handshake) => [
      ...flags({
        url,
        handshake,
        mode: 'native',
        consent: 'auto',
        'agent-listen': `127.0.0.1:${agentPort}`,
        call: 'GET /products',
      }),
      '--form',
      'login=wang',
      '--form',
      'password=wang',
    ],
    close,
  }
}
