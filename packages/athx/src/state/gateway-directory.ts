import { createHash } from 'node:crypto'
import { join } from 'node:path'

export const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Where things of one agent at one gateway are kept. `identity`: its agent id or its DID. */
export function gatewayDirectory(home: string, gateway: string, identity: string): string {
  // Readable for people, unique by the digest; nothing of a URL can leave the directory.
  const host = new URL(gateway).host.replace(/[^A-Za-z0-9.-]/g, '_')
  return join(home, 'gateways', `${host}-${digest(`${gateway}\n${identity}`)}`)
}
