import type { NetworkInterfaceInfo } from 'node:os'

import { describe, expect, jest, test } from '@jest/globals'

import { interfaceAddresses } from '../src/node/index.ts'
import { interfaceKind, type SystemAddresses } from '../src/node/interface-addresses.ts'
import { InterfaceWatch } from '../src/node/interface-watch.ts'
import { parseIpv6Flags } from '../src/node/ipv6-flags.ts'

/** As Linux has it: a stable and a temporary address of one prefix, a deprecated and a tentative one. */
const table = `\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000005 02 40 00 00     eth0
20010db800000000abcdef0123456789 02 40 00 01     eth0
20010db8000000000000000000000dea 02 40 00 21     eth0
20010db8000100000000000000000005 02 40 00 80     eth0
20010db8000200000000000000000005 03 40 00 c0    wlan0
fe800000000000000000000000000005 02 40 20 80     eth0
not a line of the table
`

const entry = (address: string, internal = false): NetworkInterfaceInfo =>
  ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo

const system: SystemAddresses = {
  interfaces: {
    lo: [entry('127.0.0.1', true), entry('::1', true)],
    eth0: [
      entry('192.168.1.5'),
      entry('2001:db8::5'),
      entry('2001:db8::abcd:ef01:2345:6789'),
      entry('2001:db8::dea'),
      entry('2001:db8:1::5'),
      entry('fe80::5'),
    ],
    wlan0: [entry('169.254.7.7'), entry('2001:db8:2::5')],
    tun0: [entry('10.8.0.2')],
    docker0: [entry('172.17.0.1')],
  },
  flags: parseIpv6Flags(table),
}

describe('the addresses to gather on', () => {
  test('temporary ones hide those of their prefix; deprecated, tentative and link-local ones are none', () => {
    expect(interfaceAddresses({}, system)).toEqual([
      '2001:db8::abcd:ef01:2345:6789',
      '192.168.1.5',
      '2001:db8:1::5',
      '10.8.0.2',
      '172.17.0.1',
      '169.254.7.7',
    ])
  })

  test('where the system tells no flags, all are taken', () => {
    const plain = interfaceAddresses({ families: ['IPv6'] }, { ...system, flags: new Map() })
    expect(plain).toHaveLength(5)
    expect(plain).not.toContain('fe80::5')
  })

  test.each([
    ['::198.51.100.7', 'IPv4-compatible'],
    ['::ffff:198.51.100.7', 'IPv4-mapped'],
    ['fec0::7', 'site-local'],
    ['feff:0:0:1::7', 'site-local'],
    ['ff02::7', 'multicast'],
    ['0.0.0.0', 'unspecified'],
  ])('%s, %s, is no host candidate (RFC 8445 §5.1.1.1)', (address) => {
    const interfaces = { eth0: [entry(address), entry('fd00::7')] }
    expect(interfaceAddresses({}, { interfaces, flags: new Map() })).toEqual(['fd00::7'])
  })

  test.each([
    [{ interfaces: ['tun0'] }, ['10.8.0.2']],
    [{ interfaceKinds: ['vpn', 'virtual'] as const }, ['10.8.0.2', '172.17.0.1']],
    [{ interfaces: ['lo'] }, []],
    [{ interfaces: ['lo'], includeLoopback: true }, ['::1', '127.0.0.1']],
    [
      { interfaceKinds: ['loopback'] as const, includeLoopback: true, families: ['IPv4'] as const },
      ['127.0.0.1'],
    ],
    [{ interfaces: ['lo'], addresses: ['10.0.0.1'] }, ['10.0.0.1']],
  ])('filters: %j', (filter, expected) => {
    expect(interfaceAddresses(filter, system)).toEqual(expected)
  })

  test('the application is asked, and told what it is asked about', () => {
    const asked: unknown[] = []
    const accepted = interfaceAddresses(
      { interfaces: ['eth0'], acceptAddress: (one) => asked.push(one) > 1 },
      system,
    )
    expect(accepted).not.toContain('192.168.1.5')
    expect(asked).toContainEqual({
      name: 'eth0',
      kind: 'ethernet',
      family: 'IPv6',
      address: '2001:db8::abcd:ef01:2345:6789',
      isTemporary: true,
    })
  })

  test.each([
    ['eth0', 'ethernet'],
    ['enp3s0', 'ethernet'],
    ['wlp2s0', 'wifi'],
    ['wwan0', 'cellular'],
    ['wg0', 'vpn'],
    ['utun3', 'vpn'],
    ['docker0', 'virtual'],
    ['br-0123', 'virtual'],
    ['strange', 'unknown'],
  ])('%s is %s', (name, kind) => {
    expect(interfaceKind(name)).toBe(kind)
  })
})

test('a watch tells of each change once, whatever the order, and of nothing after its end', () => {
  jest.useFakeTimers()
  let addresses = ['10.0.0.1', '10.0.0.2']
  let changes = 0
  const watch = new InterfaceWatch(
    () => addresses,
    () => changes++,
    100,
  )
  watch.start()
  watch.start()
  jest.advanceTimersByTime(1_000)
  addresses = ['10.0.0.2', '10.0.0.1']
  jest.advanceTimersByTime(1_000)
  expect(changes).toBe(0)
  addresses = ['10.0.0.2']
  jest.advanceTimersByTime(1_000)
  addresses = ['10.0.0.2', '10.0.0.3']
  jest.advanceTimersByTime(1_000)
  expect(changes).toBe(2)
  watch.stop()
  addresses = []
  jest.advanceTimersByTime(1_000)
  expect(changes).toBe(2)
  jest.useRealTimers()
})
