import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Place } from '../place.ts'

export const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/**
 * Where things of one agent at one place are kept. `identity`: its agent id or its DID. A service and a gateway at the
 * same address are two places: what one of them gave is never shown to the other.
 */
export function placeDirectory(home: string, { native, base }: Place, identity: string): string {
  // Readable for people, unique by the digest; nothing of a URL can leave the directory.
  const host = new URL(base).host.replace(/[^A-Za-z0-9.-]/g, '_')
  const folder = native ? 'services' : 'gateways'
  return join(home, folder, `${host}-${digest(`${base}\n${identity}`)}`)
}
