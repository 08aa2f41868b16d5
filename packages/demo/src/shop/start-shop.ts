import { once } from 'node:events'
import { createServer } from 'node:http'
import { findFreePort } from '../gateway-process.ts'
import { type Idp, shopResource, startIdp } from '../world/idp.ts'
import { createShop } from './shop.ts'

export interface RunningShop {
  /** `http://localhost:<port>`: by name, since the shop's cookies belong to a host. */
  readonly url: string
  close(): Promise<void>
}

/** A port was free a moment ago: the accounts have to know the shop's address before it opens. */
export const findShopUrl = async (): Promise<string> => `http://localhost:${await findFreePort()}`

/** Opens the shop at `url`, which the company's accounts know already. */
export async function openShop(options: {
  readonly url: string
  readonly idp: Pick<Idp, 'issuer' | 'shop'>
}): Promise<RunningShop> {
  const { url, idp } = options
  const app = createShop({ url, idp: { issuer: idp.issuer, resource: shopResource, ...idp.shop } })
  const server = createServer(app)
  server.listen(Number(new URL(url).port), '127.0.0.1')
  await once(server, 'listening')
  return {
    url,
    close: async () => {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}

/** The shop by itself, with accounts of its own: wang, li, chen and zhou, whose passwords are their names. */
export async function startShop(): Promise<RunningShop & { readonly idp: Idp }> {
  const url = await findShopUrl()
  const nowhere = 'http://127.0.0.1:9'
  const idp = await startIdp({ loginRedirectUri: nowhere, crmRedirectUri: nowhere, shopUrl: url })
  const shop = await openShop({ url, idp })
  return {
    ...shop,
    idp,
    close: async () => {
      await Promise.all([shop.close(), idp.close()])
    },
  }
}
