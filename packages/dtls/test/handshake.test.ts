import { describe, expect, test } from '@jest/globals'
import { fromUtf8, toUtf8 } from '@purertc/bytes'

import { DtlsError, ProtocolVersion, SrtpProfile } from '../src/index.ts'
import { decodeServerHello } from '../src/messages/server-hello.ts'
import { clientCertificate, Pair, serverCertificate } from './pair.ts'
import { chromiumClientHello } from './vectors/chromium-156.ts'

const fromLatin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const start = 1_000
const latency = 20

describe('an undisturbed handshake', () => {
  test('with a cookie takes three round trips', () => {
    const pair = new Pair().handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBe(start + 6 * latency)
  })

  test('goes on with the numbers of the client, which the cookie cost the server nothing of', () => {
    const pair = new Pair()
    const first: Uint8Array[] = []
    pair.toClient.intercept((_index, bytes) => (first.push(bytes.slice(0, 25)), 'pass'))
    pair.handshake()
    // RFC 6347 §4.2.1: record sequence number (offset 5) and message_seq (17) of HelloVerifyRequest and ServerHello.
    const numbers = first.slice(0, 2).map((bytes) => [bytes[10], bytes[18]])
    expect(numbers).toEqual([
      [0, 0],
      [1, 1],
    ])
  })

  test('over a verified path takes two', () => {
    const pair = new Pair({ server: { cookie: 'verified-path' } }).handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBe(start + 4 * latency)
  })

  test('drops nothing, and leaves no timer behind', () => {
    const { client, server } = new Pair().handshake()
    for (const { association } of [client, server]) {
      expect(association.discarded.snapshot()).toEqual({})
      expect(association.nextTimeout).toBe(Infinity)
      expect(association.state).toBe('connected')
    }
  })

  test('shows both ends the same session, and each the other’s certificate', () => {
    const { client, server } = new Pair().handshake()
    expect(client.session?.peerCertificate).toEqual(serverCertificate.der)
    expect(server.session?.peerCertificate).toEqual(clientCertificate.der)
    for (const { session } of [client, server]) {
      expect(session?.version).toBe(ProtocolVersion.dtls12)
      expect(session?.cipherSuite.name).toBe('TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
      expect(session?.group?.name).toBe('x25519')
      expect(session?.srtpProfile).toBeNull()
    }
  })

  test('agrees on the server’s favourite of the SRTP profiles', () => {
    const { aes128CmHmacSha1_80, aeadAes128Gcm, aeadAes256Gcm } = SrtpProfile
    const { client, server } = new Pair({
      client: { srtpProfiles: [aes128CmHmacSha1_80, aeadAes128Gcm] },
      server: { srtpProfiles: [aeadAes256Gcm, aeadAes128Gcm, aes128CmHmacSha1_80] },
    }).handshake()
    expect(client.session?.srtpProfile).toBe(aeadAes128Gcm)
    expect(server.session?.srtpProfile).toBe(aeadAes128Gcm)
  })

  test('goes on without SRTP where there is no profile in common', () => {
    const { client, server } = new Pair({
      client: { srtpProfiles: [SrtpProfile.aeadAes128Gcm] },
      server: { srtpProfiles: [SrtpProfile.aeadAes256Gcm] },
    }).handshake()
    expect(client.session?.srtpProfile).toBeNull()
    expect(server.session?.srtpProfile).toBeNull()
  })

  test.each([256, 576, 1_200, 1_500])('never sends more than an MTU of %i', (mtu) => {
    const pair = new Pair({ client: { mtu }, server: { mtu }, conditions: { latency, mtu } }).handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.toServer.dropped + pair.toClient.dropped).toBe(0)
  })
})

describe('the ClientHello of Chromium 156, which offers DTLS 1.3 first', () => {
  test.each([
    ['in order', [0, 1]],
    ['the second fragment first', [1, 0]],
  ])('is answered with 1.2, %s', (_name, order) => {
    const pair = new Pair({ server: { cookie: 'verified-path' } })
    const answers: Uint8Array[] = []
    pair.server.send = (datagram) => answers.push(datagram.slice())
    for (const index of order)
      pair.server.association.handleDatagram(pair.sim.now, chromiumClientHello[index] ?? new Uint8Array(0))
    const [flight = new Uint8Array(0)] = answers
    const hello = decodeServerHello(flight.slice(25, 13 + ((flight[11]! << 8) | flight[12]!)))
    expect(hello.version).toBe(ProtocolVersion.dtls12)
    expect(hello.cipherSuite).toBe(0xc02b)
    expect([...hello.extensions.types]).toEqual([23, 0xff01, 11])
    expect(fromLatin1(hello.random.subarray(24, 31))).not.toBe('DOWNGRD')
  })
})

describe('keying material', () => {
  const label = 'EXTRACTOR-dtls_srtp'

  test('is the same on both ends', () => {
    const { client, server } = new Pair().handshake()
    const ours = client.session?.exportKeyingMaterial(label, null, 60)
    expect(ours).toHaveLength(60)
    expect(server.session?.exportKeyingMaterial(label, null, 60)).toEqual(ours)
  })

  test('differs by label, by context, and between no context and an empty one', () => {
    const { client } = new Pair().handshake()
    const { session } = client
    const all = [
      session?.exportKeyingMaterial(label, null, 32),
      session?.exportKeyingMaterial('EXPERIMENTAL-other', null, 32),
      session?.exportKeyingMaterial(label, new Uint8Array(0), 32),
      session?.exportKeyingMaterial(label, Uint8Array.of(1), 32),
    ]
    expect(new Set(all.map(String)).size).toBe(4)
  })

  test('cannot be had by a label of the handshake, or in no or absurd length', () => {
    const { session } = new Pair().handshake().client
    const invalid = expect.objectContaining({ code: 'invalid-argument' })
    expect(() => session?.exportKeyingMaterial('key expansion', null, 32)).toThrow(invalid)
    expect(() => session?.exportKeyingMaterial(label, null, 0)).toThrow(invalid)
    expect(() => session?.exportKeyingMaterial(label, null, 1e9)).toThrow(invalid)
    expect(() => session?.exportKeyingMaterial(label, new Uint8Array(65_536), 1)).toThrow(invalid)
  })
})

describe('application data', () => {
  test('arrives message by message, in both directions, empty and full-sized', () => {
    const pair = new Pair().handshake()
    const sizes = [0, 1, 1_200, 16_384]
    for (const size of sizes) {
      pair.client.association.send(pair.sim.now, new Uint8Array(size).fill(1))
      pair.server.association.send(pair.sim.now, new Uint8Array(size).fill(2))
    }
    pair.sim.advance(100)
    expect(pair.server.messages).toEqual(sizes.map((size) => new Uint8Array(size).fill(1)))
    expect(pair.client.messages).toEqual(sizes.map((size) => new Uint8Array(size).fill(2)))
  })

  test('can be sent from the callbacks', () => {
    const pair = new Pair()
    pair.server.onConnected = () => pair.server.association.send(pair.sim.now, toUtf8('welcome'))
    pair.client.onReceived = (data, now) => pair.client.association.send(now, data)
    pair.handshake().sim.advance(100)
    expect(pair.server.messages.map(fromUtf8)).toEqual(['welcome'])
  })

  test('is refused before the handshake, after the end, and beyond a record', () => {
    const pair = new Pair()
    const send = (size: number) => () => pair.client.association.send(pair.sim.now, new Uint8Array(size))
    expect(send(1)).toThrow(DtlsError)
    expect(send(1)).toThrow(expect.objectContaining({ code: 'not-connected' }))
    pair.handshake()
    expect(send(16_385)).toThrow(expect.objectContaining({ code: 'too-large' }))
    pair.client.association.close(pair.sim.now)
    expect(send(1)).toThrow(expect.objectContaining({ code: 'not-connected' }))
  })
})

describe('closing', () => {
  test('tells the peer, which answers', () => {
    const pair = new Pair().handshake()
    const sent = pair.toClient.sent
    pair.client.association.close(pair.sim.now)
    expect(pair.client.reason).toEqual({ kind: 'local' })
    pair.sim.advance(100)
    expect(pair.server.reason).toEqual({ kind: 'close-notify' })
    expect(pair.server.association.state).toBe('closed')
    expect(pair.toClient.sent).toBe(sent + 1)
    expect(pair.client.association.discarded.snapshot()).toEqual({ closed: 1 })
  })

  test('during the handshake ends the peer too, after it has waited for more', () => {
    const pair = new Pair()
    pair.client.association.connect(pair.sim.now)
    pair.sim.run({ until: () => pair.server.association.state === 'connecting' })
    pair.client.association.close(pair.sim.now)
    pair.sim.run()
    expect(pair.server.reason).toEqual({ kind: 'close-notify' })
  })

  test('before the handshake sends nothing', () => {
    const pair = new Pair()
    pair.client.association.close(pair.sim.now)
    expect(pair.client.reason).toEqual({ kind: 'local' })
    expect(pair.toServer.sent).toBe(0)
  })

  test('twice is once', () => {
    const pair = new Pair().handshake()
    pair.client.association.close(pair.sim.now)
    pair.client.association.close(pair.sim.now)
    expect(pair.client.association.state).toBe('closed')
  })
})
