import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { AddressRule } from './address-rule.ts'

/** All addresses of a host name. Tests give their own. */
export type ResolveName = (hostname: string) => Promise<readonly string[]>

export const resolveWithSystem: ResolveName = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address)

/**
 * The addresses of a URL's host, all of them checked: a name with one public and one private address is refused, for
 * it is not ours to choose which of the two is dialled. Resolves the name once; what it returns is what is connected to.
 */
export async function resolveChecked(
  url: URL,
  rule: AddressRule,
  resolveName: ResolveName,
): Promise<Result<readonly string[], string>> {
  // The URL parser has made one spelling of `0x7f.1`, `2130706433` and their like by now.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(host) === 0 ? await resolveName(host) : [host]
  if (addresses.length === 0) return fail('the name has no address')
  for (const address of addresses) {
    const refused = rule(address)
    if (refused !== undefined) return fail(`${address} is refused: ${refused}`)
  }
  return ok(addresses)
}

/** A lookup that knows only these addresses: a second DNS answer (rebinding) is never asked for. */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const known = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_hostname, options, callback) => {
    const [first] = known
    if (options.all === true) callback(null, known)
    else callback(null, first?.address ?? '', first?.family)
  }
}
