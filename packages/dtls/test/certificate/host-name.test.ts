import { describe, expect, test } from '@jest/globals'

import { matchesHost } from '../../src/index.ts'
import { parseAddress } from '../../src/certificate/host-name.ts'

describe('a name', () => {
  test.each([
    ['*.org', 'example.org'],
    ['*', 'localhost'],
    ['d*.example.org', 'dtls.example.org'],
    ['*ls.example.org', 'dtls.example.org'],
    ['dtls.*.org', 'dtls.example.org'],
    ['*.*.org', 'dtls.example.org'],
    ['xn--*.example.org', 'xn--ls.example.org'],
    ['*.0.2.7', '192.0.2.7'],
    ['192.0.2.7', '192.0.2.7'],
  ])('%s is nobody’s name, and not %s', (pattern, host) => {
    expect(matchesHost({ dns: [pattern], ip: [] }, host)).toBe(false)
  })

  test.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::', '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0'],
    ['::1.2.3.4', '0.0.0.0.0.0.0.0.0.0.0.0.1.2.3.4'],
    ['1:2:3:4:5:6:7:8', '0.1.0.2.0.3.0.4.0.5.0.6.0.7.0.8'],
    ['fe80::1%eth0', '254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1'],
    ['1:2:3:4:5:6:7::8', null],
    ['1::2::3', null],
    ['1:2:3', null],
    ['12345::', null],
    ['1.2.3.256', null],
    ['1.2.3', null],
    ['host', null],
  ])('%s as an address', (text, bytes) => {
    expect(parseAddress(text)?.join('.') ?? null).toBe(bytes)
  })
})
