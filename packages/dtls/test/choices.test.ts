import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { type DtlsConfig, DtlsError, type DtlsSession, TrustStore } from '../src/index.ts'
import { issue } from './authority.ts'
import { only12, Pair, upTo13 } from './pair.ts'

const connect = (client: Partial<DtlsConfig>, server: Partial<DtlsConfig>): Pair =>
  new Pair({ client: { versions: upTo13, ...client }, server: { versions: upTo13, ...server } }).handshake()

describe('cipherSuites', () => {
  const suiteOf = ({ client: { session } }: Pair): string | undefined => session?.cipherSuite.name
  const aes256 = 'TLS_AES_256_GCM_SHA384'
  const chacha = 'TLS_CHACHA20_POLY1305_SHA256'
  const old = 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'

  test.each([
    ['of DTLS 1.3 by the client', { cipherSuites: [chacha] }, {}, chacha],
    ['of DTLS 1.3 by the server', {}, { cipherSuites: [aes256, chacha] }, aes256],
    [
      'in the order of the server',
      { cipherSuites: [chacha, aes256] },
      { cipherSuites: [aes256, chacha] },
      aes256,
    ],
    [
      'of 1.2 alone leave 1.3 as it is',
      { cipherSuites: [old] },
      { cipherSuites: [old] },
      'TLS_AES_128_GCM_SHA256',
    ],
    ['of both versions, of which one is spoken', { cipherSuites: [old, aes256], versions: only12 }, {}, old],
  ] as const)('name those %s', (_name, client, server, expected) => {
    expect(suiteOf(connect(client, server))).toBe(expected)
  })

  test('that are not in common end the handshake', () => {
    const { client } = connect({ cipherSuites: [chacha] }, { cipherSuites: [aes256] })
    expect(client.reason).toMatchObject({ kind: 'alert', name: 'handshake_failure' })
  })

  test('that nobody knows are refused', () => {
    expect(() => connect({ cipherSuites: ['TLS_NULL' as never] }, {})).toThrow(DtlsError)
    expect(() => connect({ cipherSuites: [] }, {})).toThrow(DtlsError)
  })
})

describe.each([
  ['1.2', only12],
  ['1.3', upTo13],
])('a client of DTLS %s with several certificates', (_version, versions) => {
  test('shows the one that an authority of the server vouches for', async () => {
    const [first, second] = [
      await issue('first', { authority: true }),
      await issue('second', { authority: true }),
    ]
    const middle = await issue('middle', { authority: true }, second)
    const ofFirst = await issue('of first', {}, first)
    const ofSecond = await issue('of second', {}, middle)
    const identities = [ofFirst.identity(), ofSecond.identity(middle)]
    const shown = (...authorities: readonly Uint8Array[]): DtlsSession['peerCertificate'] | undefined => {
      const pair = connect(
        { versions, certificate: identities },
        {
          versions,
          verify: {
            authorities: new TrustStore(nodeCrypto, authorities),
            host: null,
            time: () => Date.now(),
          },
        },
      )
      return pair.server.session?.peerCertificate
    }
    expect(shown(first.der)).toEqual(ofFirst.der)
    expect(shown(second.der)).toEqual(ofSecond.der)
    expect(shown(first.der, second.der)).toEqual(ofFirst.der)
  })
})
