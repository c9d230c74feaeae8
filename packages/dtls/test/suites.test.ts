import { describe, expect, test } from '@jest/globals'
import { toUtf8 } from '@purertc/bytes'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { randomFillSync } from 'node:crypto'

import { type DtlsConfig, DtlsError } from '../src/index.ts'
import { cipherSuites, defaultCipherSuites } from '../src/protocol/cipher-suite.ts'
import { signatureSchemes } from '../src/protocol/signature-scheme.ts'
import { issue } from './authority.ts'
import { Pair } from './pair.ts'

const identities = {
  'ec-p256': (await issue('P-256')).identity(),
  'ec-p384': (await issue('P-384', { kind: 'ec-p384' })).identity(),
  ed25519: (await issue('Ed25519', { kind: 'ed25519' })).identity(),
  rsa: (await issue('RSA', { kind: 'rsa' })).identity(),
} as const
type Kind = keyof typeof identities

const key = toUtf8('a key that both know')
const psk = {
  client: { identity: 'thermostat 17', key },
  server: { hint: 'ask the caretaker', key: (identity: Uint8Array) => (identity.length === 13 ? key : null) },
}

/** Both ends recognise each other by these certificates. */
const by = (kind: Kind): { client: Partial<DtlsConfig>; server: Partial<DtlsConfig> } => {
  const own = { certificate: identities[kind], verify: { fingerprints: [identities[kind].fingerprint()] } }
  return { client: own, server: own }
}

const byPsk = {
  client: { psk: psk.client, verify: { psk: true } },
  server: { psk: psk.server, verify: { psk: true } },
} as const

describe('every suite', () => {
  test.each(cipherSuites)('$name connects, and data goes both ways', (suite) => {
    const isPsk = suite.keyExchange.endsWith('psk')
    const { client, server } = isPsk ? byPsk : by(suite.keyExchange === 'ecdhe_rsa' ? 'rsa' : 'ec-p256')
    const only = { cipherSuites: [suite.name] }
    const pair = new Pair({ client: { ...client, ...only }, server: { ...server, ...only } }).handshake()
    expect(pair.isConnected).toBe(true)
    for (const { session } of [pair.client, pair.server]) {
      expect(session?.cipherSuite.name).toBe(suite.name)
      expect(session?.group?.name).toBe(suite.keyExchange === 'psk' ? undefined : 'x25519')
      expect(session?.peer.kind).toBe(isPsk ? 'psk' : 'certificate')
    }
    const label = 'EXPERIMENTAL test'
    expect(pair.client.session?.exportKeyingMaterial(label, null, 40)).toEqual(
      pair.server.session?.exportKeyingMaterial(label, null, 40),
    )
    for (let length = 0; length < 100; length += 33) {
      pair.client.association.send(pair.sim.now, new Uint8Array(length).fill(1))
      pair.server.association.send(pair.sim.now, new Uint8Array(length).fill(2))
    }
    pair.sim.advance(100)
    expect(pair.server.messages.map(({ length }) => length)).toEqual([0, 33, 66, 99])
    expect(pair.client.messages.map(({ length }) => length)).toEqual([0, 33, 66, 99])
    expect(pair.client.association.discarded.snapshot()).toEqual({})
    expect(pair.server.association.discarded.snapshot()).toEqual({})
  })

  test('is offered in the order of the configuration, and the server’s counts', () => {
    const [first, second] = [
      'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    ] as const
    const pair = new Pair({
      client: { cipherSuites: [second, first] },
      server: { cipherSuites: [first, second] },
    }).handshake()
    expect(pair.client.session?.cipherSuite.name).toBe(first)
  })

  test('that nobody shares ends in handshake_failure', () => {
    const pair = new Pair({
      client: { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      server: { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] },
    }).handshake()
    expect(pair.server.reason).toMatchObject({ error: { code: 'no-common-parameters', alert: 40 } })
  })

  test('is there by default, but for ECDHE_ECDSA with a tag of 8 bytes', () => {
    expect(
      cipherSuites.filter((suite) => !defaultCipherSuites.includes(suite)).map(({ name }) => name),
    ).toEqual(['TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'])
  })
})

describe('every kind of key', () => {
  test.each(Object.keys(identities) as Kind[])('%s authenticates both ends, with any hash it has', (kind) => {
    for (const { name } of signatureSchemes) {
      const isEligible = name.includes('rsa')
        ? kind === 'rsa'
        : name === 'ed25519'
          ? kind === name
          : kind.startsWith('ec')
      const { client, server } = by(kind)
      const pair = new Pair({
        client: { ...client, signatureSchemes: [name] },
        server: { ...server, signatureSchemes: [name] },
      })
      pair.handshake()
      expect([name, pair.isConnected]).toEqual([name, isEligible])
    }
  })

  test('of the two a server has, the client’s schemes decide', () => {
    const certificate = [identities.rsa, identities.ed25519]
    for (const [signatureScheme, kind] of [
      ['ed25519', 'ed25519'],
      ['rsa_pss_rsae_sha384', 'rsa'],
    ] as const) {
      const verify = { fingerprints: certificate.map((one) => one.fingerprint()) }
      const pair = new Pair({
        server: { certificate, verify: { anonymous: true } },
        client: { verify, signatureSchemes: [signatureScheme] },
      }).handshake()
      expect(pair.client.session?.peerCertificate).toEqual(identities[kind].der)
    }
  })

  test('RSA is neither offered nor asked for by a provider that has none', () => {
    const crypto = createNobleCrypto((into) => void randomFillSync(into))
    const { verify } = by('ec-p256').client
    const pair = new Pair({
      client: { ...by('ec-p256').client, crypto },
      server: { certificate: [identities.rsa, identities['ec-p256']], ...(verify && { verify }) },
    }).handshake()
    expect(pair.client.session?.peerCertificate).toEqual(identities['ec-p256'].der)
    expect(
      () => new Pair({ client: { crypto, cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] } }),
    ).toThrow(DtlsError)
  })
})

describe('shared keys', () => {
  const { client, server } = byPsk
  const suites = { cipherSuites: ['TLS_PSK_WITH_AES_128_CCM_8'] } as const

  test('show the server the client’s name, and the client the server’s hint', () => {
    const hints: (Uint8Array | null)[] = []
    const choose = (hint: Uint8Array | null) => (hints.push(hint?.slice() ?? null), psk.client)
    const pair = new Pair({ client: { ...client, psk: choose }, server }).handshake()
    expect(pair.server.session?.peer).toEqual({ kind: 'psk', identity: toUtf8('thermostat 17') })
    expect(pair.server.session?.peerCertificate).toBeNull()
    expect(hints).toEqual([toUtf8('ask the caretaker')])
  })

  test.each(['TLS_PSK_WITH_AES_128_CCM_8', 'TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256'] as const)(
    'need no hint: %s',
    (name) => {
      const hints: (Uint8Array | null)[] = []
      const choose = (hint: Uint8Array | null) => (hints.push(hint), psk.client)
      const unhinted = { ...server, psk: { key: psk.server.key }, cipherSuites: [name] }
      const pair = new Pair({ client: { ...client, psk: choose }, server: unhinted }).handshake()
      expect(pair.isConnected).toBe(true)
      expect(hints).toEqual([null])
    },
  )

  test.each([
    ['that the server does not know', { identity: 'nobody', key }],
    ['that the client does not have', () => null],
  ])('%s end in unknown_psk_identity', (_name, unknown) => {
    const pair = new Pair({ client: { ...client, psk: unknown }, server }).handshake()
    const reasons = [pair.client.reason, pair.server.reason]
    expect(reasons).toContainEqual(
      expect.objectContaining({
        error: expect.objectContaining({ code: 'unknown-psk-identity', alert: 115 }),
      }),
    )
  })

  test.each([suites, { cipherSuites: ['TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256'] }] as const)(
    'that differ never connect: nothing that is protected by them is authentic',
    (suite) => {
      const wrong = { identity: 'thermostat 17', key: toUtf8('a key that is not the one') }
      const pair = new Pair({ client: { ...client, psk: wrong, ...suite }, server }).handshake()
      expect(pair.client.session ?? pair.server.session).toBeNull()
      expect(pair.client.reason).toEqual({ kind: 'handshake-timeout' })
      expect(pair.server.association.discarded.get('forged')).toBeGreaterThan(0)
    },
  )

  test('stand beside certificates, which come first', () => {
    const pair = new Pair({ client: { psk: psk.client }, server: { psk: psk.server } }).handshake()
    expect(pair.client.session?.peer.kind).toBe('certificate')
    const without = new Pair({ client: { psk: psk.client, certificate: [] }, server }).handshake()
    expect(without.server.session?.peer.kind).toBe('psk')
  })

  test.each([
    ['a server without keys', { role: 'server', certificate: [], verify: { anonymous: true } }],
    ['shared keys alone, and none', { verify: { psk: true } }],
    ['an anonymous server', { verify: { anonymous: true } }],
    [
      'asking for certificates that nobody can verify',
      { role: 'server', verify: { psk: true }, psk: psk.server, clientCertificate: 'optional' },
    ],
    ['no suite', { cipherSuites: [] }],
    ['a suite that there is not', { cipherSuites: ['TLS_RSA_WITH_RC4_128_MD5'] as never }],
    ['no signature scheme', { signatureSchemes: [] }],
    ['an application protocol without name', { alpn: [''] }],
  ] as const)('%s: no configuration', (_name, config) => {
    const error: unknown = expect.objectContaining({ code: 'invalid-config' })
    expect(() => new Pair({ client: config })).toThrow(error)
  })
})

describe('clients without certificate', () => {
  const nobody = { client: { certificate: [] } }

  test('are asked for none, or let in without', () => {
    for (const server of [
      { verify: { anonymous: true } },
      { clientCertificate: 'none' },
      { clientCertificate: 'optional' },
    ] as const) {
      const pair = new Pair({ ...nobody, server }).handshake()
      expect(pair.server.session?.peer).toEqual({ kind: 'anonymous' })
      expect(pair.client.session?.peer.kind).toBe('certificate')
    }
  })

  test('are sent away where one is required', () => {
    const pair = new Pair(nobody).handshake()
    expect(pair.server.reason).toMatchObject({ error: { code: 'no-certificate', alert: 40 } })
  })

  test('are no excuse for a wrong one where it is optional', () => {
    const pair = new Pair({
      client: { certificate: identities.rsa },
      server: { clientCertificate: 'optional' },
    })
    pair.handshake()
    expect(pair.server.reason).toMatchObject({ error: { code: 'certificate-refused', alert: 42 } })
  })

  test('need not show the one they have', () => {
    const pair = new Pair({ server: { clientCertificate: 'none' } }).handshake()
    expect(pair.server.session?.peer).toEqual({ kind: 'anonymous' })
  })
})

describe('application protocols (RFC 7301)', () => {
  const negotiate = (client: readonly string[], server: readonly string[]): Pair =>
    new Pair({ client: { alpn: client }, server: { alpn: server } }).handshake()

  test('are the server’s choice among the client’s', () => {
    const pair = negotiate(['webrtc', 'c-webrtc'], ['c-webrtc', 'webrtc'])
    expect(pair.client.session?.alpnProtocol).toBe('c-webrtc')
    expect(pair.server.session?.alpnProtocol).toBe('c-webrtc')
  })

  test('are not spoken of where one end has none', () => {
    for (const pair of [negotiate([], ['coap']), negotiate(['coap'], [])]) {
      expect(pair.client.session?.alpnProtocol).toBeNull()
      expect(pair.server.session?.alpnProtocol).toBeNull()
    }
  })

  test('in common there must be where both speak of them', () => {
    expect(negotiate(['h2'], ['coap']).server.reason).toMatchObject({
      error: { code: 'no-application-protocol', alert: 120 },
    })
  })
})

describe('a server of several names (RFC 6066)', () => {
  const verify = { certificate: () => true }
  const names = ['one.example.org', '*.example.net', 'example.com']

  test('shows the certificate that is made out to the name, or the first', async () => {
    const certificates = await Promise.all(names.map((name) => issue(name, { hosts: [name] })))
    const certificate = certificates.map((issued) => issued.identity())
    const shown = (serverName: string): number => {
      const pair = new Pair({ client: { serverName, verify }, server: { certificate } }).handshake()
      expect(pair.server.session?.serverName).toBe(serverName)
      return certificates.findIndex(
        ({ der }) => Buffer.compare(der, pair.client.session?.peerCertificate ?? der.slice(1)) === 0,
      )
    }
    expect(shown('one.example.org')).toBe(0)
    expect(shown('two.example.net')).toBe(1)
    expect(shown('EXAMPLE.com')).toBe(2)
    expect(shown('unknown.example')).toBe(0)
  })
})
