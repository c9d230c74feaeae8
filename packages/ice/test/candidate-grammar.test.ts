import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { formatCandidate, type IceCandidate, parseCandidate } from '../src/index.ts'

const lines = [
  // RFC 8839 §5.1's examples.
  'candidate:1 1 UDP 1694498815 198.51.100.141 8998 typ host',
  'candidate:2 1 UDP 1694498815 198.51.100.3 45664 typ srflx raddr 10.0.1.1 rport 8998',
  // Browsers.
  'candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag EEtu network-cost 999',
  'candidate:3396022365 1 udp 2122260223 6f1d8ac4-6a8f-4c8e-9f5b-2f3a5f4f0b1c.local 55466 typ host generation 0 ufrag 3Zvq network-id 1',
  'candidate:0 1 UDP 2122252543 2001:db8::17 52004 typ host',
  'candidate:3 1 UDP 8331263 198.51.100.8 52124 typ relay raddr 198.51.100.7 rport 46154',
]

describe('candidate lines, RFC 8839 §5.1', () => {
  test.each(lines)('%s', (line) => {
    const candidate = parseCandidate(line)
    expect(candidate).not.toBeNull()
    expect(formatCandidate(candidate!)).toBe(line.replace('UDP', 'udp'))
    expect(parseCandidate(`a=${line}\r\n`)).toEqual(candidate)
  })

  test('the fields', () => {
    expect(parseCandidate(lines[2]!)).toEqual({
      foundation: '842163049',
      component: 1,
      transport: 'udp',
      priority: 1_677_729_535,
      address: '198.51.100.7',
      port: 46_154,
      type: 'srflx',
      relatedAddress: '0.0.0.0',
      relatedPort: 0,
      usernameFragment: 'EEtu',
      extensions: [
        ['generation', '0'],
        ['ufrag', 'EEtu'],
        ['network-cost', '999'],
      ],
    })
  })

  test.each([
    ['nothing', ''],
    ['another attribute', 'a=ice-ufrag:abcd'],
    ['TCP without a type', 'candidate:1 1 tcp 1518280447 198.51.100.7 9 typ host'],
    ['TCP of an unknown type', 'candidate:1 1 tcp 1518280447 198.51.100.7 9 typ host tcptype both'],
    ['component 2', 'candidate:1 2 udp 2130706430 198.51.100.7 9 typ host'],
    ['a host name', 'candidate:1 1 udp 2130706431 example.org 9 typ host'],
    ['a zone', 'candidate:1 1 udp 2130706431 fe80::1%eth0 9 typ host'],
    ['an unknown type', 'candidate:1 1 udp 2130706431 198.51.100.7 9 typ magic'],
    ['no type', 'candidate:1 1 udp 2130706431 198.51.100.7 9'],
    ['a foundation of 33', `candidate:${'x'.repeat(33)} 1 udp 2130706431 198.51.100.7 9 typ host`],
    ['a foundation with a space in front', 'candidate: 1 1 udp 2130706431 198.51.100.7 9 typ host'],
    ['priority 0', 'candidate:1 1 udp 0 198.51.100.7 9 typ host'],
    ['priority 2^32', 'candidate:1 1 udp 4294967296 198.51.100.7 9 typ host'],
    ['a negative priority', 'candidate:1 1 udp -1 198.51.100.7 9 typ host'],
    ['port 65536', 'candidate:1 1 udp 1 198.51.100.7 65536 typ host'],
    ['a hexadecimal port', 'candidate:1 1 udp 1 198.51.100.7 0x10 typ host'],
    ['two spaces', 'candidate:1  1 udp 1 198.51.100.7 9 typ host'],
    ['half an extension', 'candidate:1 1 udp 1 198.51.100.7 9 typ host generation'],
    ['a line break', 'candidate:1 1 udp 1 198.51.100.7 9 typ host x y\r\na=z'],
    ['a related address that is none', 'candidate:1 1 udp 1 198.51.100.7 9 typ srflx raddr x rport 1'],
    ['3,000 characters', `candidate:1 1 udp 1 198.51.100.7 9 typ host x ${'y'.repeat(3_000)}`],
    ['3,000 blanks', `candidate:1 1 udp 1 198.51.100.7 9 typ host${' '.repeat(3_000)}`],
  ])('null for %s', (_what, line) => {
    expect(parseCandidate(line)).toBeNull()
  })

  test('what is formatted is parsed again', () => {
    const iceChars = fc.string({
      minLength: 1,
      maxLength: 32,
      unit: fc.constantFrom('a', 'Z', '0', '9', '+', '/'),
    })
    const visible = fc.string({
      minLength: 1,
      maxLength: 20,
      unit: fc.constantFrom('!', 'a', 'z', '~', '0', '9', '-'),
    })
    const candidate: fc.Arbitrary<IceCandidate> = fc
      .record({
        foundation: iceChars,
        component: fc.constant(1 as const),
        transport: fc.constant('udp' as const),
        priority: fc.integer({ min: 1, max: 0xffff_ffff }),
        address: fc.oneof(fc.ipV4(), fc.ipV6()),
        port: fc.nat(0xffff),
        type: fc.constantFrom('host' as const, 'srflx' as const, 'prflx' as const, 'relay' as const),
        related: fc.option(fc.record({ relatedAddress: fc.ipV4(), relatedPort: fc.nat(0xffff) })),
        extensions: fc.array(fc.tuple(visible, visible), { minLength: 1, maxLength: 3 }),
      })
      .map(({ related, ...rest }) => ({ ...rest, ...related }))
    fc.assert(
      fc.property(candidate, (value) => {
        const parsed = parseCandidate(formatCandidate(value))
        expect(parsed).toMatchObject(value)
        expect(formatCandidate(parsed!)).toBe(formatCandidate(value))
      }),
    )
  })

  test('the fragment is written unless an extension has it', () => {
    const candidate = parseCandidate(lines[0]!)!
    expect(formatCandidate({ ...candidate, usernameFragment: 'abcd' })).toMatch(/ typ host ufrag abcd$/)
  })
})
