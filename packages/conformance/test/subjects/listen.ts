import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** A server on loopback. Port 0 for any. */
export async function listen(server: Server, port = 0): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const serve = (listener: RequestListener, port = 0): Promise<Listening> =>
  listen(createServer(listener), port)

/** A port that was free a moment ago, for addresses that others must know beforehand. */
export async function findFreePort(): Promise<number> {
  const { url, close } = await serve(() => undefined)
  await close()
  return Number(new URL(url).port)
}
