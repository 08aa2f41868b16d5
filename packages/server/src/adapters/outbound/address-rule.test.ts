import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAddressRule, loopbackRule } from './address-rule.ts'

describe('an address', () => {
  const rule = createAddressRule([])

  for (const address of ['8.8.8.8', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001:81b::200e'])
    test(`${address} is public and may be fetched from`, () => {
      assert.equal(rule(address), undefined)
    })

  for (const [address, kind] of [
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['0.0.0.0', 'this network'],
    ['0.1.2.3', 'this network'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'shared'],
    ['100.127.255.255', 'shared'],
    ['169.254.169.254', 'link-local, where clouds keep credentials'],
    ['192.0.0.8', 'protocol assignments'],
    ['192.0.2.1', 'documentation'],
    ['198.18.0.1', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'IPv4-compatible loopback'],
    ['::808:808', 'IPv4-compatible'],
    ['::ffff:127.0.0.1', 'IPv4-mapped loopback'],
    ['::ffff:8.8.8.8', 'IPv4-mapped'],
    ['64:ff9b::a9fe:a9fe', 'NAT64 of 169.254.169.254'],
    ['64:ff9b:1::1', 'local NAT64'],
    ['2002:7f00:1::', '6to4 of 127.0.0.1'],
    ['2001::1', 'Teredo'],
    ['2001:db8::1', 'documentation'],
    ['3fff::1', 'documentation'],
    ['100::1', 'discard'],
    ['fc00::1', 'unique local'],
    ['fd12:3456::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with a zone'],
    ['2606:4700::1111%eth0', 'public with a zone'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['4000::1', 'unassigned'],
    ['', 'nothing'],
    ['localhost', 'a name'],
  ] as const)
    test(`${address || 'empty text'} is refused: ${kind}`, () => {
      assert.notEqual(rule(address), undefined)
    })

  test('in an allowed network may be fetched from, its neighbours may not', () => {
    const some = createAddressRule(['10.1.0.0/16', 'fd00:1::/32'])
    assert.equal(some('10.1.255.255'), undefined)
    assert.equal(some('fd00:1::5'), undefined)
    assert.notEqual(some('10.2.0.1'), undefined)
    assert.notEqual(some('fd00:2::5'), undefined)
    assert.notEqual(some('::ffff:10.1.0.1'), undefined)
    assert.equal(some('8.8.8.8'), undefined)
  })

  test('is loopback for http in development, or refused', () => {
    assert.equal(loopbackRule('127.0.0.1'), undefined)
    assert.equal(loopbackRule('::1'), undefined)
    for (const address of ['8.8.8.8', '10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', 'x'])
      assert.notEqual(loopbackRule(address), undefined)
  })

  test('rule is not made from what is no network', () => {
    for (const network of ['10.0.0.0', '10.0.0.0/33', 'intranet', ''])
      assert.throws(() => createAddressRule([network]), /not a network in CIDR form/)
  })
})
