import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { Random } from '@purertc/netsim'

import { type DtlsConfig, SrtpProfile } from '../src/index.ts'
import { clientCertificate, Pair, serverCertificate } from './pair.ts'
import { begin, nextSeed, shake, vault } from './resuming.ts'

describe.each(['ticket', 'id'] as const)('a session by %s', (kind) => {
  test('is resumed in two round trips less than it took, with the same peers', () => {
    const { session, sessions } = begin(kind)
    const {
      pair,
      sessions: [next],
    } = shake({
      client: { session },
      server: { sessions, cookie: 'verified-path' },
    })
    expect(pair.sim.now).toBe(1_000 + 3 * 20)
    for (const end of [pair.client, pair.server]) {
      expect(end.session?.isResumed).toBe(true)
      expect(end.session?.group).toBeNull()
      expect(end.association.discarded.snapshot()).toEqual({})
    }
    expect(pair.client.session?.peerCertificate).toEqual(serverCertificate.der)
    expect(pair.server.session?.peerCertificate).toEqual(clientCertificate.der)
    const label = 'EXPERIMENTAL test'
    expect(pair.client.session?.exportKeyingMaterial(label, null, 20)).toEqual(
      pair.server.session?.exportKeyingMaterial(label, null, 20),
    )
    pair.client.association.send(pair.sim.now, Uint8Array.of(1))
    pair.server.association.send(pair.sim.now, Uint8Array.of(2))
    pair.sim.advance(100)
    expect([pair.server.messages, pair.client.messages]).toEqual([[Uint8Array.of(1)], [Uint8Array.of(2)]])
    // It can be done again, but not for longer than it could before.
    expect(next?.remembered.expires).toBeLessThanOrEqual(session.remembered.expires)
    const again = shake({ client: { session: next ?? session }, server: { sessions } }).pair
    expect(again.server.session?.isResumed).toBe(true)
  })

  test('is resumed also where the server wants a cookie', () => {
    const { session, sessions } = begin(kind)
    expect(shake({ client: { session }, server: { sessions } }).pair.server.session?.isResumed).toBe(true)
  })

  test('agrees anew on application protocol and SRTP', () => {
    const own = { alpn: ['coap'], srtpProfiles: [SrtpProfile.aeadAes128Gcm] }
    const { session, sessions } = begin(kind, { client: own, server: own })
    const other = { alpn: ['webrtc'], srtpProfiles: [SrtpProfile.aeadAes256Gcm] }
    const { pair } = shake({ client: { ...other, session }, server: { ...other, sessions } })
    expect(pair.client.session).toMatchObject({
      isResumed: true,
      alpnProtocol: 'webrtc',
      srtpProfile: SrtpProfile.aeadAes256Gcm,
    })
    const refused = shake({ client: { alpn: ['webrtc'], session }, server: { alpn: ['coap'], sessions } })
    expect(refused.pair.server.reason).toMatchObject({ error: { code: 'no-application-protocol' } })
  })

  const serverName = 'one.example.org'
  test.each([
    [
      'of another client, whom the server would refuse',
      {},
      { verify: { fingerprints: [serverCertificate.fingerprint()] } },
      false,
    ],
    ['where the server recognises clients otherwise', {}, { verify: { certificate: () => true } }, true],
    ['where the server would not let the client in', {}, { verify: { certificate: () => false } }, false],
    [
      'where the client expects another server',
      { verify: { fingerprints: [clientCertificate.fingerprint()] } },
      {},
      false,
    ],
    ['by a client of another certificate', { certificate: serverCertificate }, {}, false],
    ['with a server of another certificate', {}, { certificate: clientCertificate }, false],
    ['with a server of another name', { serverName }, {}, false],
    [
      'where its suite is no longer offered',
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      {},
      false,
    ],
    [
      'where its suite is no longer taken',
      {},
      { cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      false,
    ],
    ['with a server that has forgotten', {}, { sessions: vault() }, false],
    ['with a server that resumes nothing', {}, { sessions: undefined as never }, false],
  ] as [string, Partial<DtlsConfig>, Partial<DtlsConfig>, boolean][])(
    '%s',
    (_name, client, server, isResumed) => {
      const { session, sessions } = begin(kind)
      const { pair } = shake({ client: { ...client, session }, server: { sessions, ...server } })
      expect(pair.client.session?.isResumed ?? false).toBe(isResumed)
      expect(pair.server.session?.isResumed ?? false).toBe(isResumed)
      // Where nothing else is wrong, the handshake is a full one.
      const isRefused =
        'verify' in client ||
        ('verify' in server && !isResumed) ||
        'certificate' in client ||
        'certificate' in server
      if (!isRefused) expect(pair.isConnected).toBe(true)
    },
  )

  test('that is out of date is not resumed, by either end', () => {
    const sessions = vault(60_000, kind === 'ticket')
    const {
      sessions: [session],
    } = shake({ seed: nextSeed(), server: { sessions } })
    if (session === undefined) throw new Error('no session')
    const late = (now: number): Pair => {
      const pair = new Pair({ client: { session }, server: { sessions } })
      pair.sim.advance(now)
      return pair.handshake()
    }
    expect(late(50_000).server.session?.isResumed).toBe(true)
    expect(late(70_000).server.session?.isResumed).toBe(false)
    const fresh = { ...session, remembered: { ...session.remembered, expires: Millis(Infinity) } as never }
    const pair = new Pair({ client: { session: fresh }, server: { sessions } })
    pair.sim.advance(70_000)
    expect(pair.handshake().server.session?.isResumed).toBe(false)
  })

  test('survives a bad network', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { session, sessions } = begin(kind)
      const random = new Random(seed)
      const conditions = { loss: random.next() * 0.3, reorder: 0.3, duplicate: 0.3, latency: 20, jitter: 20 }
      const common = { handshakeTimeout: 200_000 }
      const { pair } = shake({
        seed,
        conditions,
        client: { ...common, session, mtu: 300 },
        server: { ...common, sessions, mtu: 300 },
      })
      expect(pair.isConnected).toBe(true)
      expect(pair.server.session?.isResumed).toBe(true)
    }
  })
})

test('a session by a shared key is not kept', () => {
  const key = Uint8Array.of(1, 2, 3)
  const { sessions } = shake({
    client: { verify: { psk: true }, psk: { identity: 'x', key } },
    server: { verify: { psk: true }, psk: { key: () => key }, sessions: vault() },
  })
  expect(sessions).toEqual([])
})

test('an anonymous client stays anonymous, and is not let in where it must not be', () => {
  const client = { certificate: [] }
  const { session, sessions } = begin('ticket', { client, server: { clientCertificate: 'optional' } })
  const optional = shake({
    client: { ...client, session },
    server: { clientCertificate: 'optional', sessions },
  }).pair
  expect(optional.server.session).toMatchObject({ isResumed: true, peer: { kind: 'anonymous' } })
  const required = shake({ client: { ...client, session }, server: { sessions } }).pair
  expect(required.server.reason).toMatchObject({ error: { code: 'no-certificate', alert: 40 } })
})

test('nobody is given a session who does not ask for it', () => {
  const pair = new Pair({ server: { sessions: vault() } }).handshake()
  expect(pair.client.session?.resumable).toBeNull()
})
