import { once } from 'node:events'
import { createServer } from 'node:http'
import { ath } from '@ath-protocol/server/express'
import { findFreePort } from '../gateway-process.ts'
import { type Idp, shopResource, startIdp } from '../world/idp.ts'
import { shopAth, type ShopAthOptions } from './ath.config.ts'
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
  readonly idp: Pick<Idp, 'issuer' | 'shop' | 'shopAgents'>
  /** How agents come in, beside the shop's own configuration; `none` opens it as it was before there were agents. */
  readonly agents?: Pick<ShopAthOptions, 'agents' | 'audit' | 'log'> | 'none'
}): Promise<RunningShop> {
  const { url, idp, agents: how = {} } = options
  const { issuer } = idp
  const agents =
    how === 'none' ? undefined : ath(shopAth({ ...how, url, oauth: { issuer, ...idp.shopAgents } }))
  const app = createShop({ url, idp: { issuer, resource: shopResource, ...idp.shop }, agents })
  const server = createServer(app)
  server.listen(Number(new URL(url).port), '127.0.0.1')
  await once(server, 'listening')
  await agents?.ready()
  return {
    url,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await agents?.close()
    },
  }
}

/** The shop by itself, with accounts of its own: wang, li, chen and zhou, whose passwords are their names. */
export async function startShop(
  how: Pick<Parameters<typeof openShop>[0], 'agents'> = {},
): Promise<RunningShop & { readonly idp: Idp }> {
  const url = await findShopUrl()
  const nowhere = 'http://127.0.0.1:9'
  const idp = await startIdp({ loginRedirectUri: nowhere, crmRedirectUri: nowhere, shopUrl: url })
  const shop = await openShop({ ...how, url, idp })
  return {
    ...shop,
    idp,
    close: async () => {
      await Promise.all([shop.close(), idp.close()])
    },
  }
}
