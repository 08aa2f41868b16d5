import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import test from 'node:test'
import fc from 'fast-check'
import { inNetwork, parseAddress, parseCidr } from './cidr.ts'

/** Whether the address lies in the network; undefined when one of them cannot be read. */
function lies(address: string, cidr: string): boolean | undefined {
  const bits = parseAddress(address)
  const network = parseCidr(cidr)
  return bits === undefined || network === undefined ? undefined : inNetwork(bits, network)
}

const cases: readonly (readonly [string, string, boolean])[] = [
  ['10.0.0.0', '10.0.0.0/8', true],
  ['10.255.255.255', '10.0.0.0/8', true],
  ['11.0.0.0', '10.0.0.0/8', false],
  ['9.255.255.255', '10.0.0.0/8', false],
  ['192.168.1.77', '192.168.1.77/32', true],
  ['192.168.1.78', '192.168.1.77/32', false],
  ['192.168.1.78', '192.168.1.76/30', true],
  ['1.2.3.4', '0.0.0.0/0', true],
  ['::ffff:10.1.2.3', '10.0.0.0/8', true],
  ['::FFFF:10.1.2.3', '10.0.0.0/8', true],
  ['::ffff:a01:203', '10.0.0.0/8', true],
  ['0:0:0:0:0:ffff:10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '::ffff:10.0.0.0/104', true],
  ['::10.1.2.3', '10.0.0.0/8', false],
  ['64:ff9b::10.1.2.3', '10.0.0.0/8', false],
  ['2002:a01:203::', '10.0.0.0/8', false],
  ['2001:db8::1', '0.0.0.0/0', false],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1/128', true],
  ['::1', '::1/128', true],
  ['::', '::/0', true],
  ['fe80::1', 'fe80::/10', true],
  ['fec0::1', 'fe80::/10', false],
]
for (const [address, cidr, expected] of cases)
  test(`[U13] ${address} ${expected ? 'is' : 'is not'} in ${cidr}`, () => {
    assert.equal(lies(address, cidr), expected)
  })

for (const cidr of [
  '',
  '10.0.0.0',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.0.0.0/8 ',
  '10.0.0.0/0x8',
  '10.0.0.0/08',
  '10.0.0.1/8',
  '10.0.0/8',
  '010.0.0.0/8',
  '0x0a.0.0.0/8',
  '256.0.0.0/8',
  '2001:db8::1/32',
  '2001:db8::/129',
  '::ffff:10.0.0.0/8',
  'localhost/8',
  '*',
])
  test(`[U13] ${JSON.stringify(cidr)} is no network`, () => {
    assert.equal(parseCidr(cidr), undefined)
  })

for (const address of [
  '',
  '10',
  '10.0.0',
  '10.0.0.0.0',
  '10.0.0.256',
  '10.0.0.01',
  '10.0.0.0 ',
  '10.0.0.0:80',
  'fe80::1%eth0',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::12345',
  '::g',
  '::1.2.3',
  '::1.2.3.4:5',
  '1.2.3.4::',
  ':1',
  '1:',
  '[::1]',
  'unknown',
  '10.0.0.1, 10.0.0.2',
])
  test(`[U13] ${JSON.stringify(address)} is no address`, () => {
    assert.equal(parseAddress(address), undefined)
  })

test('[U13] for any addresses and networks we agree with Node', () => {
  const check = (family: 'ipv4' | 'ipv6', address: string, base: string, prefix: number) => {
    const bits = parseAddress(base)
    assert.ok(bits !== undefined)
    const whole = family === 'ipv4' ? prefix + 96 : prefix
    const list = new BlockList()
    list.addSubnet(base, prefix, family)
    const parsed = parseAddress(address)
    assert.ok(parsed !== undefined)
    assert.equal(inNetwork(parsed, { bits, prefix: whole }), list.check(address, family))
  }
  fc.assert(
    fc.property(
      fc.ipV4(),
      fc.ipV4(),
      fc.boolean(),
      fc.integer({ min: 1, max: 32 }),
      (address, base, near, prefix) =>
        check('ipv4', near ? base.replace(/\d+$/, '7') : address, base, prefix),
    ),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(
      fc.ipV6(),
      fc.ipV6(),
      fc.boolean(),
      fc.integer({ min: 1, max: 128 }),
      (address, base, near, prefix) =>
        check(
          'ipv6',
          near ? base.replace(/(?:(?<=\.)\d+|[0-9a-f])$/i, '7') : address,
          base,
          prefix,
        ),
    ),
    { numRuns: 500 },
  )
})
