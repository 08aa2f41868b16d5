/** A network: its bits as a number, and how many of them count. IPv4 is held as IPv4-mapped IPv6. */
export interface Network {
  readonly bits: bigint
  readonly prefix: number
}

/** Reads CIDR, v4 or v6. Undefined when it is none, or when an address has bits set behind its prefix. */
export function parseCidr(text: string): Network | undefined {
  const [address = '', length, more] = text.split('/')
  if (length === undefined || more !== undefined || !/^(?:0|[1-9][0-9]{0,2})$/.test(length))
    return undefined
  const bits = parseAddress(address)
  const isV4 = !address.includes(':')
  const prefix = Number(length) + (isV4 ? 96 : 0)
  if (bits === undefined || prefix > 128) return undefined
  const host = (1n << BigInt(128 - prefix)) - 1n
  return (bits & host) === 0n ? { bits, prefix } : undefined
}

/** An address as 128 bits: an IPv4 address, and the same one mapped into IPv6, are one (RFC 4291 §2.5.5.2). */
export function parseAddress(text: string): bigint | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text)
}

export function inNetwork(address: bigint, { bits, prefix }: Network): boolean {
  const shift = BigInt(128 - prefix)
  return address >> shift === bits >> shift
}

const v4Form =
  /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/

function parseV4(text: string): bigint | undefined {
  const octets = v4Form.exec(text)?.slice(1).map(Number)
  if (!octets || octets.some((octet) => octet > 255)) return undefined
  return octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0xffffn)
}

function parseV6(text: string): bigint | undefined {
  // A zone is of this machine only, and no part of the address.
  if (text.length > 45 || text.includes('%')) return undefined
  const tail = /^(.*:)([0-9.]+\.[0-9.]+)$/.exec(text)
  if (tail) {
    const v4 = parseV4(tail[2] as string)
    if (v4 === undefined) return undefined
    const low = v4 & 0xffff_ffffn
    return parseV6(`${tail[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [left = [], right] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const given = left.length + (right?.length ?? 0)
  if (right ? given > 7 : given !== 8) return undefined
  const groups = [...left, ...Array<string>(8 - given).fill('0'), ...(right ?? [])]
  if (groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}
