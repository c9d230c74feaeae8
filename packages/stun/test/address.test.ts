import { isIP } from 'node:net'

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import {
  formatAddress,
  formatIpAddress,
  isIpAddress,
  parseIpAddress,
  parseIpv4,
  formatStunUri,
  parseStunUri,
  sameAddress,
  transportAddress,
} from '../src/index.ts'

describe('IP addresses', () => {
  test.each([
    ['0.0.0.0', 'IPv4'],
    ['255.255.255.255', 'IPv4'],
    ['::', 'IPv6'],
    ['::1', 'IPv6'],
    ['2001:DB8::1', 'IPv6'],
    ['1:2:3:4:5:6:7:8', 'IPv6'],
    ['1:2:3:4:5:6:7::', 'IPv6'],
    ['::ffff:192.0.2.1', 'IPv6'],
    ['64:ff9b::192.0.2.33', 'IPv6'],
    ['fe80::1%eth0', 'IPv6'],
  ])('%s is %s', (text, family) => expect(isIpAddress(text)).toBe(family))

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4 ',
    '1.2.3.-4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'fe80::1%',
    '[::1]',
    'example.org',
    'abcd.local',
  ])('%j is none', (text) => {
    expect(isIpAddress(text)).toBeNull()
    expect(parseIpAddress(text)).toBeNull()
  })

  // RFC 5952 §4 and §5.
  test.each([
    ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::FFFF:c000:0201', '::ffff:192.0.2.1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatIpAddress(parseIpAddress(text) ?? new Uint8Array())).toBe(canonical)
  })

  test('bytes survive text, and the text is canonical', () => {
    // Zeros are frequent, so that every kind of compression comes up.
    const byte = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(
        fc.constantFrom(4, 16).chain((length) => fc.array(byte, { minLength: length, maxLength: length })),
        (list) => {
          const bytes = Uint8Array.from(list)
          const text = formatIpAddress(bytes)
          expect(parseIpAddress(text)).toEqual(bytes)
          expect(isIP(text)).toBe(bytes.length === 4 ? 4 : 6)
          // The URL parser writes IPv6 by RFC 5952 too, but for the mixed notation.
          if (bytes.length === 16 && !text.includes('.'))
            expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('agrees with Node about what is an address', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef:.g')) }),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        expect(isIpAddress(candidate)).toBe(
          [null, undefined, undefined, undefined, 'IPv4', undefined, 'IPv6'][isIP(candidate)],
        )
      }),
      { numRuns: 1_000 },
    )
  })

  test('no other number of bytes is an address', () => {
    expect(() => formatIpAddress(new Uint8Array(5))).toThrow(RangeError)
    expect(parseIpv4('255.255.255.255')).toBe(0xffff_ffff)
  })
})

describe('transport addresses', () => {
  test('are written with brackets around IPv6', () => {
    expect(formatAddress(transportAddress('192.0.2.1', 80))).toBe('192.0.2.1:80')
    expect(formatAddress(transportAddress('2001:db8::1', 80))).toBe('[2001:db8::1]:80')
  })

  test.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['0:0::1', '::1'],
    ['::ffff:c000:0201', '::ffff:192.0.2.1'],
    ['FE80:0::1%eth0', 'fe80::1%eth0'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s is %s, in whatever form it was given', (text, address) => {
    const family = address.includes(':') ? 'IPv6' : 'IPv4'
    expect(transportAddress(text, 80)).toEqual({ family, address, port: 80 })
    expect(sameAddress(transportAddress(text, 80), transportAddress(address, 80))).toBe(true)
  })

  test('are the same when address and port are', () => {
    const address = transportAddress('192.0.2.1', 80)
    expect(sameAddress(address, { ...address })).toBe(true)
    expect(sameAddress(address, transportAddress('192.0.2.1', 81))).toBe(false)
    expect(sameAddress(address, transportAddress('192.0.2.2', 80))).toBe(false)
  })

  test.each([
    ['example.org', 80],
    ['192.0.2.1', -1],
    ['192.0.2.1', 65536],
    ['192.0.2.1', 1.5],
  ])('%s and %d are none', (address, port) => {
    expect(() => transportAddress(address, port)).toThrow(
      expect.objectContaining({ code: 'invalid-address' }),
    )
  })
})

describe('STUN URIs, RFC 7064', () => {
  test.each([
    ['stun:example.org', { secure: false, host: 'example.org', port: 3478, isPortGiven: false }],
    ['stuns:example.org', { secure: true, host: 'example.org', port: 5349, isPortGiven: false }],
    ['STUN:example.org:8000', { secure: false, host: 'example.org', port: 8000, isPortGiven: true }],
    ['stun:192.0.2.1', { secure: false, host: '192.0.2.1', port: 3478, isPortGiven: false }],
    ['stun:[2001:db8::1]:1', { secure: false, host: '2001:db8::1', port: 1, isPortGiven: true }],
  ])('%s', (text, uri) => expect(parseStunUri(text)).toEqual(uri))

  test.each([
    'stun:example.org',
    'stuns:example.org:1',
    'stun:[2001:db8::1]:1',
    'stuns:[::1]',
    'stun:192.0.2.1',
  ])('%s is written as it was read', (text) => {
    const uri = parseStunUri(text)
    expect(uri === null ? null : formatStunUri(uri)).toBe(text)
  })

  test('any text is none, or is written to what reads the same', () => {
    const part = fc.constantFrom(
      'stun',
      'stuns',
      ':',
      '[',
      ']',
      '::1',
      'example.org',
      '3478',
      '99999',
      '.',
      '?',
      ' ',
      '%',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 7 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (text) => {
        const uri = parseStunUri(text)
        if (uri !== null) expect(parseStunUri(formatStunUri(uri))).toEqual(uri)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '',
    'stun:',
    'stun://example.org',
    'turn:example.org',
    'stun:example.org:',
    'stun:example.org:65536',
    'stun:example.org?transport=udp',
    'stun:user@example.org',
    'stun:2001:db8::1',
    'stun:[192.0.2.1]',
    'stun:[x]',
  ])('%j is none', (text) => expect(parseStunUri(text)).toBeNull())
})
