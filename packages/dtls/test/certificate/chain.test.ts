import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import { type ChainPolicy, TrustStore, validateChain } from '../../src/index.ts'
import { PeerMisbehaved } from '../../src/errors.ts'
import { issue, type Issued, type Wish, x509 } from '../authority.ts'
import { ed448Certificate } from '../vectors/certificates.ts'

const root = await issue('root', { authority: true, keyUsage: x509.KeyUsageFlags.keyCertSign })
const middle = await issue('middle', { authority: 0 }, root)
const hosts = ['dtls.example.org', '*.example.net', '192.0.2.7', '2001:db8::7']
const leaf = await issue('leaf', { hosts }, middle)
const stranger = await issue('root', { authority: true })

const policy = (change: Partial<ChainPolicy> = {}, ...authorities: readonly Issued[]): ChainPolicy => ({
  crypto: nodeCrypto,
  authorities: new TrustStore(
    nodeCrypto,
    (authorities.length > 0 ? authorities : [root]).map(({ der }) => der),
  ),
  now: Date.now(),
  purpose: 'server',
  host: null,
  ...change,
})

/** What is wrong with a chain, and the alert that says so; `good` where nothing is. */
function judge(rules: ChainPolicy, ...chain: readonly Issued[]): string {
  try {
    validateChain(
      rules,
      chain.map(({ der }) => der),
    )
    return 'good'
  } catch (error) {
    if (!(error instanceof PeerMisbehaved)) throw error
    return `${error.code} ${error.alert}`
  }
}

describe('a chain', () => {
  test('leads to an authority, in whatever order and with whatever else it comes', () => {
    expect(judge(policy(), leaf, middle)).toBe('good')
    expect(judge(policy(), leaf, middle, root)).toBe('good')
    expect(judge(policy(), leaf, stranger, root, middle, middle)).toBe('good')
  })

  test('may end at any certificate that is trusted', () => {
    expect(judge(policy({}, middle), leaf)).toBe('good')
    expect(judge(policy({}, leaf), leaf)).toBe('good')
    expect(judge(policy({}, stranger, root), leaf, middle)).toBe('good')
  })

  test.each([
    ['without the one in the middle', () => judge(policy(), leaf), 'unknown-authority 48'],
    [
      'of another root of the same name',
      () => judge(policy({}, stranger), leaf, middle),
      'unknown-authority 48',
    ],
    ['that is its own authority', () => judge(policy(), stranger), 'unknown-authority 48'],
    [
      'of an authority that came along, but is not trusted',
      () => judge(policy({}, stranger), leaf, middle, root),
      'unknown-authority 48',
    ],
    ['that is empty', () => judge(policy()), 'bad-certificate 42'],
  ])('%s is refused', (_name, verdict, expected) => {
    expect(verdict()).toBe(expected)
  })

  test.each([
    ['that has expired', { days: [-10, -1] }, 'certificate-expired 45'],
    ['that is not valid yet', { days: [1, 10] }, 'certificate-expired 45'],
    ['for clients', { purposes: [x509.ExtendedKeyUsage.clientAuth] }, 'unsupported-certificate 43'],
    ['for mail', { purposes: [x509.ExtendedKeyUsage.emailProtection] }, 'unsupported-certificate 43'],
    ['for key agreement only', { keyUsage: x509.KeyUsageFlags.keyAgreement }, 'unsupported-certificate 43'],
    [
      'with a critical extension that nobody knows',
      { extensions: [new x509.Extension('1.2.3.4', true, new Uint8Array(2))] },
      'unsupported-certificate 43',
    ],
    [
      'with critical name constraints',
      { extensions: [new x509.Extension('2.5.29.30', true, Uint8Array.of(0x30, 0))] },
      'unsupported-certificate 43',
    ],
    ['with an RSA key of 1,024 bits', { kind: 'rsa', modulusLength: 1_024 }, 'good'],
    [
      'with an extension twice',
      { extensions: [1, 2].map(() => new x509.Extension('1.2.3.4', false, new Uint8Array(2))) },
      'bad-certificate 42',
    ],
    ['for servers', { purposes: [x509.ExtendedKeyUsage.serverAuth] }, 'good'],
    ['for anything', { purposes: [x509.ExtendedKeyUsage.emailProtection, '2.5.29.37.0'] }, 'good'],
    ['for signatures', { keyUsage: x509.KeyUsageFlags.digitalSignature }, 'good'],
    [
      'with an extension that nobody knows, and need not',
      { extensions: [new x509.Extension('1.2.3.4', false, new Uint8Array(2))] },
      'good',
    ],
  ] as [string, Wish, string][])('with a last certificate %s: %s', async (_name, wish, expected) => {
    expect(judge(policy(), await issue('last', wish, root))).toBe(expected)
  })

  test.each([
    ['that is none', {}, 'unknown-authority 48'],
    [
      'that may not sign',
      { authority: true, keyUsage: x509.KeyUsageFlags.digitalSignature },
      'unknown-authority 48',
    ],
    ['that has expired', { authority: true, days: [-10, -1] }, 'certificate-expired 45'],
    [
      'for clients',
      { authority: true, purposes: [x509.ExtendedKeyUsage.clientAuth] },
      'unsupported-certificate 43',
    ],
    [
      'with an RSA key of 1,024 bits',
      { authority: true, kind: 'rsa', modulusLength: 1_024 },
      'unsupported-certificate 43',
    ],
    [
      'with critical name constraints',
      { authority: true, extensions: [new x509.Extension('2.5.29.30', true, Uint8Array.of(0x30, 0))] },
      'unsupported-certificate 43',
    ],
    ['of another curve', { authority: true, kind: 'ec-p384' }, 'good'],
    ['of Ed25519', { authority: true, kind: 'ed25519' }, 'good'],
    ['of RSA', { authority: true, kind: 'rsa' }, 'good'],
    ['of RSA-PSS', { authority: true, kind: 'rsa', pss: true }, 'good'],
  ] as [string, Wish, string][])('through an authority %s: %s', async (_name, wish, expected) => {
    const authority = await issue('authority', wish, root)
    const last = await issue('last', {}, authority)
    expect(judge(policy(), last, authority)).toBe(expected)
    // What is trusted is no better than what came along.
    expect(judge(policy({}, authority), last)).toBe(expected)
  })

  describe('with name constraints (RFC 5280 §4.2.1.10)', () => {
    const tlv = (tag: number, ...parts: readonly (readonly number[])[]): number[] => {
      const body = parts.flat()
      return [tag, body.length, ...body]
    }
    const dns = (name: string): number[] => tlv(0x30, tlv(0x82, [...Buffer.from(name)]))
    const ip = (...bytes: number[]): number[] => tlv(0x30, tlv(0x87, bytes))
    const directoryName = tlv(0x30, tlv(0xa4, tlv(0x30)))
    const constraints = (
      permitted: readonly number[][],
      excluded: readonly number[][],
      critical = true,
    ): Wish => {
      const lists = [
        ...(permitted.length > 0 ? [tlv(0xa0, ...permitted)] : []),
        ...(excluded.length > 0 ? [tlv(0xa1, ...excluded)] : []),
      ]
      const value = Uint8Array.from(tlv(0x30, ...lists))
      return { authority: true, extensions: [new x509.Extension('2.5.29.30', critical, value)] }
    }
    const lan = ip(10, 0, 0, 0, 255, 0, 0, 0)
    const refused = 'unknown-authority 48'

    test.each([
      [constraints([dns('example.org')], []), ['example.org', 'a.b.EXAMPLE.org', '*.example.org'], 'good'],
      [constraints([dns('example.org')], []), ['example.org', 'badexample.org'], refused],
      [constraints([dns('.example.org'), dns('example.net')], []), ['x.example.org', 'example.net'], 'good'],
      [constraints([dns('example.org')], [dns('secret.example.org')]), ['open.example.org'], 'good'],
      [constraints([dns('example.org')], [dns('secret.example.org')]), ['a.secret.example.org'], refused],
      [constraints([], [dns('')]), ['example.org'], refused],
      [constraints([dns('example.org')], []), ['10.1.2.3'], 'good'],
      [constraints([lan], []), ['10.1.2.3', 'example.org'], 'good'],
      [constraints([lan], []), ['11.1.2.3'], refused],
      [constraints([lan], []), ['2001:db8::1'], refused],
      [constraints([], [lan]), ['10.1.2.3'], refused],
      [constraints([], [lan]), ['11.1.2.3'], 'good'],
      [constraints([directoryName], []), ['example.org'], 'unsupported-certificate 43'],
      [constraints([directoryName], [], false), ['example.org'], 'good'],
      [constraints([ip(10, 0, 0, 0)], []), ['10.0.0.0'], 'bad-certificate 42'],
    ])('%#', async (wish, hosts, expected) => {
      const authority = await issue('constrained', wish, root)
      const last = await issue('last', { hosts }, authority)
      expect(judge(policy(), last, authority)).toBe(expected)
      // Nor may an authority below do what the one above must not.
      const below = await issue('below', { authority: true }, authority)
      const lowest = await issue('lowest', { hosts }, below)
      expect(judge(policy(), lowest, below, authority)).toBe(expected)
    })
  })

  test('is no longer than each authority allows', async () => {
    const below = await issue('below', { authority: true }, middle)
    expect(judge(policy(), await issue('last', {}, below), below, middle)).toBe('unknown-authority 48')
  })

  test.each(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] as const)('signed with %s', async (hash) => {
    for (const kind of ['rsa', 'ec-p256'] as const) {
      const signer = await issue('signer', { authority: true, kind, hash })
      const verdict = judge(policy({}, signer), await issue('last', { hash }, signer))
      expect(verdict).toBe(hash === 'SHA-1' ? 'unknown-authority 48' : 'good')
    }
  })

  test('with another key than was signed is refused, and so is any other change', () => {
    const at = fc.nat(leaf.der.length - 1)
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (at, change) => {
        const der = leaf.der.slice()
        der[at]! ^= change
        return judge(policy({}, middle), { ...leaf, der }) !== 'good'
      }),
      { numRuns: 300 },
    )
  })

  test('that goes round and round ends', async () => {
    const one = await issue('one', { authority: true })
    const crossed = await issue('crossed', { authority: true }, one)
    const ring = await Promise.all(
      Array.from({ length: 12 }, () => issue('one', { authority: true }, crossed)),
    )
    expect(judge(policy(), await issue('last', {}, crossed), ...ring, crossed)).toBe('unknown-authority 48')
  })

  test('is what OpenSSL takes for one', () => {
    expect(new X509Certificate(leaf.der).checkIssued(new X509Certificate(middle.der))).toBe(true)
    expect(new X509Certificate(middle.der).checkIssued(new X509Certificate(root.der))).toBe(true)
  })

  test('of an authority with a key that nobody has leads nowhere', () => {
    expect(() => new TrustStore(nodeCrypto, [ed448Certificate])).not.toThrow()
    const error: unknown = expect.objectContaining({ code: 'invalid-certificate' })
    expect(() => new TrustStore(nodeCrypto, [Uint8Array.of(1, 2, 3)])).toThrow(error)
  })
})

describe('the host', () => {
  test.each([
    ['dtls.example.org', true],
    ['DTLS.example.ORG', true],
    ['dtls.example.org.', true],
    ['example.org', false],
    ['a.dtls.example.org', false],
    ['one.example.net', true],
    ['example.net', false],
    ['two.one.example.net', false],
    ['.example.net', false],
    ['*.example.net', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['192.0.2.07', false],
    ['2001:db8::7', true],
    ['2001:DB8:0:0:0:0:0:7', true],
    ['2001:db8::8', false],
    ['', false],
    ['dtls.example.org\0.evil.example', false],
  ])('%j: %s', (host, expected) => {
    expect(judge(policy({ host }), leaf, middle)).toBe(expected ? 'good' : 'wrong-host 46')
  })

  test('is not looked for in the common name', async () => {
    expect(judge(policy({ host: 'leaf' }), await issue('leaf', {}, root))).toBe('wrong-host 46')
  })
})
