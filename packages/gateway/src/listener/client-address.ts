import ipaddr from 'ipaddr.js'

type Network = ReturnType<typeof ipaddr.parseCIDR>

/** Finds the caller's address behind the proxies that are trusted, and behind no other; `unknown` when one of them says nothing readable. */
export interface ClientAddress {
  /** `forwardedFor` gives the `X-Forwarded-For` values in order, joined with commas; asked only behind a trusted proxy. */
  of(peer: string | undefined, forwardedFor: () => string | undefined): string
}

/** Throws when a network is not CIDR: found at start. */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = trustedProxies.map((network) => ipaddr.parseCIDR(network))
  return {
    of(peer, forwardedFor) {
      let address = plain(peer ?? '')
      if (trusted.length === 0 || !isTrusted(address, trusted)) return address
      // Each proxy appends who called it: from the right, as long as the one who said so is trusted.
      const hops = forwardedFor()?.split(',') ?? []
      while (hops.length > 0 && isTrusted(address, trusted)) {
        const said = plain(withoutPort((hops.pop() as string).trim()))
        // Not the proxy's own address: that is inside networks in which its callers are not.
        if (!ipaddr.isValid(said)) return 'unknown'
        address = said
      }
      return address
    },
  }
}

/** Some proxies write the caller's port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return hop.replace(/^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i, '$1').replace(/^([\d.]+):\d{1,5}$/, '$1')
}

function isTrusted(address: string, networks: readonly Network[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return networks.some(
    ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
  )
}

/** An IPv4 caller on a socket that takes both is still the same caller. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
