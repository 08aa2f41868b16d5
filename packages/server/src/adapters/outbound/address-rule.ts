import ipaddr from 'ipaddr.js'

/** Decides whether an address may be connected to; gives the reason when it may not. */
export type AddressRule = (address: string) => string | undefined

/** The only IPv6 range from which public addresses are given out; some libraries call more of the space unicast. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Public unicast addresses, and those in `allowNetworks` (CIDR, IPv4 or IPv6). Everything else is refused: private,
 * shared, link-local, loopback, multicast, reserved, and IPv6 forms that carry an IPv4 address (mapped, compatible,
 * 6to4, NAT64, Teredo), which a router could take to where IPv4 rules would not. Throws for a network that is not CIDR.
 */
export function createAddressRule(allowNetworks: readonly string[]): AddressRule {
  const allowed = allowNetworks.map(readNetwork)
  return (text) => {
    // A zone (`fe80::1%eth0`) names an interface of this machine: never a public address.
    if (text.includes('%') || !ipaddr.isValid(text)) return 'not an address'
    const address = ipaddr.parse(text)
    if (allowed.some(([network, bits]) => contains(address, network, bits))) return undefined
    const range = address.range()
    if (range !== 'unicast') return range
    if (address instanceof ipaddr.IPv6 && !address.match(globalUnicast)) return 'not global unicast'
    return undefined
  }
}

/** Loopback and nothing else: what `http` may reach in development. */
export const loopbackRule: AddressRule = (text) =>
  ipaddr.isValid(text) && ipaddr.parse(text).range() === 'loopback' ? undefined : 'not loopback'

type Address = ReturnType<typeof ipaddr.parse>

function readNetwork(cidr: string): [Address, number] {
  try {
    return ipaddr.parseCIDR(cidr)
  } catch {
    throw new TypeError(`\`${cidr}\` is not a network in CIDR form`)
  }
}

function contains(address: Address, network: Address, bits: number): boolean {
  if (address instanceof ipaddr.IPv4 && network instanceof ipaddr.IPv4)
    return address.match(network, bits)
  if (address instanceof ipaddr.IPv6 && network instanceof ipaddr.IPv6)
    return address.match(network, bits)
  return false
}
