import { describe, expect, test } from '@jest/globals'
import { toHex, toUtf8 } from '@purertc/bytes'

import { type DtlsConfig, ProtocolVersion } from '../../src/index.ts'
import { Pair, upTo13 } from '../pair.ts'

const { dtls12, dtls13 } = ProtocolVersion
const key = toUtf8('correct horse battery staple')
const bare = { certificate: [], verify: { psk: true }, versions: upTo13 } as const
const lamp = { identity: 'lamp', key }
const keys = { key: (identity: Uint8Array) => (toHex(identity) === toHex(toUtf8('lamp')) ? key : null) }

function shake(client: Partial<DtlsConfig>, server: Partial<DtlsConfig>): Pair {
  return new Pair({ client: { ...bare, ...client }, server: { ...bare, ...server } }).handshake()
}

test.each([
  ['with a cookie', {}],
  ['without', { cookie: 'verified-path' }],
  ['after a HelloRetryRequest', { groups: ['p-384'] }],
] as const)('a shared key alone makes a session, %s', (_name, server) => {
  const pair = shake({ psk: lamp }, { psk: keys, ...server })
  for (const { session } of [pair.client, pair.server])
    expect(session).toMatchObject({
      version: dtls13,
      isResumed: false,
      peer: { kind: 'psk', identity: toUtf8('lamp') },
      peerCertificate: null,
    })
  pair.client.association.send(pair.sim.now, Uint8Array.of(1))
  pair.sim.advance(100)
  expect(pair.server.messages).toEqual([Uint8Array.of(1)])
})

test('a key does besides certificates, and a certificate where there is none', () => {
  const certified = (psk: DtlsConfig['psk'] | undefined): Partial<DtlsConfig> => ({
    versions: upTo13,
    ...(psk !== undefined && { psk }),
  })
  const kind = (client?: DtlsConfig['psk'], server?: DtlsConfig['psk']): string | undefined =>
    new Pair({ client: certified(client), server: certified(server) }).handshake().client.session?.peer.kind
  expect(kind(lamp, keys)).toBe('psk')
  expect(kind({ identity: 'stove', key }, keys)).toBe('certificate')
  expect(kind(lamp)).toBe('certificate')
  expect(kind(undefined, keys)).toBe('certificate')
})

test('a key goes with the suites that it is for, whichever the server likes best', () => {
  const cipherSuites = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const
  const range = { versions: { min: dtls13, max: dtls13 } }
  const name = (server: Partial<DtlsConfig>): string | undefined =>
    new Pair({
      client: { ...bare, ...range, psk: lamp },
      server: { ...range, psk: keys, cipherSuites, ...server },
    }).handshake().client.session?.cipherSuite.name
  expect(name({})).toBe('TLS_CHACHA20_POLY1305_SHA256')
  expect(name({ certificate: [], verify: { psk: true } })).toBe('TLS_CHACHA20_POLY1305_SHA256')
  expect(name({ cipherSuites: ['TLS_AES_256_GCM_SHA384'] })).toBeUndefined()
})

describe('there is no session', () => {
  test.each([
    ['with another key', { identity: 'lamp', key: toUtf8('another') }, 'bad-binder', 'decrypt_error'],
    ['by another name', { identity: 'stove', key }, 'unknown-psk-identity', 'unknown_psk_identity'],
  ])('%s', (_name, psk, code, alert) => {
    const pair = shake({ psk }, { psk: keys })
    pair.sim.advance(10_000)
    expect(pair.server.reason).toMatchObject({ error: { code } })
    expect(pair.client.reason).toMatchObject({ kind: 'alert', name: alert })
  })

  test('with a server that has a certificate and not the key', () => {
    const pair = new Pair({
      client: { ...bare, psk: lamp },
      server: { versions: upTo13, clientCertificate: 'none', verify: { anonymous: true } },
    }).handshake()
    expect(pair.client.session).toBeNull()
    expect(pair.client.reason).toMatchObject({ kind: 'peer-misbehaved' })
  })
})

describe('a client that chooses by the server’s hint', () => {
  test('is asked without one, and offers DTLS 1.2 alone where it needs it', () => {
    const hints: (string | null)[] = []
    const psk = (hint: Uint8Array | null): typeof lamp | null => {
      hints.push(hint && toHex(hint))
      return hint === null ? null : lamp
    }
    const pair = shake({ psk }, { psk: { ...keys, hint: 'kitchen' } })
    expect(pair.client.session?.version).toBe(dtls12)
    expect(hints).toEqual([null, toHex(toUtf8('kitchen'))])
    expect(shake({ psk: () => lamp }, { psk: keys }).client.session?.version).toBe(dtls13)
  })

  test('has no session with a server of DTLS 1.3 alone', () => {
    const pair = shake({ psk: () => null }, { psk: keys, versions: { min: dtls13, max: dtls13 } })
    pair.sim.advance(10_000)
    expect(pair.client.reason).not.toBeNull()
    expect(pair.client.session).toBeNull()
  })
})
