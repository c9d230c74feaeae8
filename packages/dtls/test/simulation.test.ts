import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { Random } from '@purertc/netsim'

import { type Certificate, createCertificate, encodeSelfSigned } from '../src/index.ts'
import { Pair } from './pair.ts'

describe('handshakes over bad networks', () => {
  /** Loss of up to one half, reordering, duplication, any MTU: all by the seed. */
  function attempt(seed: number): { pair: Pair; loss: number } {
    const random = new Random(seed)
    const loss = random.next() * 0.5
    const mtu = 256 + random.int(1_245)
    const conditions = {
      loss,
      mtu,
      latency: 1 + random.int(200),
      jitter: random.int(50),
      reorder: random.next() * 0.5,
      duplicate: random.next() * 0.5,
    }
    const cookie = random.chance(0.5) ? 'required' : 'verified-path'
    const common = { mtu, handshakeTimeout: 200_000 }
    const pair = new Pair({ seed, conditions, client: common, server: { ...common, cookie } })
    return { pair: pair.handshake(), loss }
  }

  test.each([0, 50, 100, 150, 200])('complete, or fail by name: seeds from %i', (first) => {
    let connected = 0
    for (let seed = first; seed < first + 50; seed++) {
      const { pair, loss } = attempt(seed)
      if (pair.isConnected) connected++
      // Doubling waits leave a client eight attempts in this time, which at half the datagrams lost may not do.
      else
        expect({ loss: loss > 0.3, reason: pair.client.reason?.kind }).toEqual({
          loss: true,
          reason: 'handshake-timeout',
        })
      pair.client.association.close(pair.sim.now)
      pair.server.association.close(pair.sim.now)
      expect([pair.client.reason, pair.server.reason]).not.toContain(null)
      expect(pair.client.association.nextTimeout).toBe(Infinity)
      expect(pair.server.association.nextTimeout).toBe(Infinity)
    }
    expect(connected).toBeGreaterThanOrEqual(46)
  })

  test('also where one bit in many is wrong', () => {
    const outcomes = { connected: 0, failed: 0 }
    for (let seed = 1; seed <= 40; seed++) {
      const pair = new Pair({
        seed,
        conditions: { latency: 20, corrupt: 0.2, loss: 0.1 },
        client: { handshakeTimeout: 30_000 },
        server: { handshakeTimeout: 30_000, cookie: 'verified-path' },
      }).handshake()
      expect(pair.isConnected || pair.isOver).toBe(true)
      outcomes[pair.isConnected ? 'connected' : 'failed']++
    }
    expect(outcomes.connected).toBeGreaterThan(10)
  })

  test('a network that carries nothing ends in a timeout on both sides', () => {
    const pair = new Pair({ conditions: { latency: 1, loss: 1 } })
    pair.server.association.connect(pair.sim.now)
    pair.handshake()
    expect(pair.client.reason).toEqual({ kind: 'handshake-timeout' })
    expect(pair.server.reason).toEqual({ kind: 'handshake-timeout' })
  })
})

const latency = 20
const start = 1_000

describe('retransmission', () => {
  test('a lost ClientHello is sent again after a second', () => {
    const pair = new Pair()
    pair.toServer.intercept((index) => (index === 0 ? 'drop' : 'pass'))
    pair.handshake()
    expect(pair.sim.now).toBe(start + 1_000 + 6 * latency)
  })

  test('and after the time that was configured', () => {
    const pair = new Pair({ client: { retransmitTimeout: 50 } })
    pair.toServer.intercept((index) => (index === 0 ? 'drop' : 'pass'))
    pair.handshake()
    expect(pair.sim.now).toBe(start + 50 + 6 * latency)
  })

  test('the waits double up to a minute', () => {
    const pair = new Pair({ client: { handshakeTimeout: 400_000 } })
    const times: number[] = []
    pair.toServer.intercept(() => {
      times.push(pair.sim.now - start)
      return 'drop'
    })
    pair.handshake()
    const seconds = times.map((ms) => ms / 1_000)
    expect(seconds).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363])
  })

  test('a lost flight of the server is sent again when the client asks again', () => {
    const pair = new Pair({ server: { cookie: 'verified-path', retransmitTimeout: 30_000 } })
    pair.toClient.intercept((index) => (index === 0 ? 'drop' : 'pass'))
    pair.handshake()
    expect(pair.sim.now).toBe(start + 1_000 + 4 * latency)
  })

  test('a lost last flight is sent again when the client repeats its own', () => {
    const pair = new Pair({ server: { cookie: 'verified-path' } })
    pair.toClient.intercept((index) => (index === 1 ? 'drop' : 'pass'))
    pair.client.association.connect(pair.sim.now)
    pair.sim.run({ until: () => pair.server.session !== null })
    expect(pair.server.association.nextTimeout).toBe(Infinity)
    pair.sim.run({ until: () => pair.isConnected })
    expect(pair.sim.now).toBe(start + 2 * latency + 1_000 + 2 * latency)
  })

  test('a lost fragment costs one timeout, not the handshake', () => {
    const pair = new Pair({ server: { cookie: 'verified-path', mtu: 300 } })
    pair.toClient.intercept((index) => (index === 1 ? 'drop' : 'pass'))
    pair.handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBeLessThan(start + 1_200)
  })

  test('after three silent attempts datagrams shrink, since the path may be narrow', () => {
    const pair = new Pair({
      client: { mtu: 1_400 },
      server: { mtu: 1_400, cookie: 'verified-path' },
      conditions: { latency, mtu: 560 },
    })
    let largest = 0
    pair.toClient.intercept((_index, bytes) => {
      largest = Math.max(largest, bytes.length)
      return 'pass'
    })
    pair.handshake()
    expect(largest).toBeGreaterThan(560)
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBeLessThan(start + 15_000)
  })

  test('a path that becomes narrow during the handshake is kept to from then on, in what is sent again as well', () => {
    const pair = new Pair({
      client: { mtu: 1_400 },
      server: { mtu: 1_400, cookie: 'verified-path' },
      conditions: { latency, mtu: 300 },
    })
    const sizes: number[] = []
    pair.toClient.intercept((_index, bytes) => {
      sizes.push(bytes.length)
      return 'pass'
    })
    pair.client.association.connect(pair.sim.now)
    pair.sim.run({ until: () => sizes.length > 0 })
    expect(Math.max(...sizes.splice(0))).toBeGreaterThan(300)
    pair.server.association.setMtu(300)
    pair.client.association.setMtu(300)
    pair.sim.run({ until: () => pair.isConnected })
    expect(pair.isConnected).toBe(true)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300)
    expect(pair.sim.now).toBeLessThan(start + 2_000)
  })

  test('a shorter timeout holds for the flight that waits', () => {
    const pair = new Pair()
    pair.toServer.intercept((index) => (index === 0 ? 'drop' : 'pass'))
    pair.client.association.connect(pair.sim.now)
    pair.client.association.setRetransmitTimeout(30)
    expect(pair.client.association.nextTimeout).toBe(start + 30)
    expect(() => pair.client.association.setRetransmitTimeout(0)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })

  test('what never gets through does not make the two repeat themselves for each other', () => {
    const pair = new Pair({
      client: { handshakeTimeout: 30_000 },
      server: { handshakeTimeout: 30_000, cookie: 'verified-path' },
    })
    // Of the client's flight only the first record arrives, its certificate, each time it is sent.
    pair.toServer.intercept((_index, bytes) => bytes.slice(0, 13 + ((bytes[11]! << 8) | bytes[12]!)))
    pair.handshake()
    expect(pair.client.reason).toEqual({ kind: 'handshake-timeout' })
    expect(pair.toClient.sent).toBeLessThan(20)
    expect(pair.toServer.sent).toBeLessThan(20)
  })

  test('who never hears anything gives up after twelve attempts, time left or not', () => {
    const pair = new Pair({
      client: { handshakeTimeout: 1e9, retransmitTimeout: 10 },
      conditions: { latency, loss: 1 },
    }).handshake()
    expect(pair.client.reason).toEqual({ kind: 'handshake-timeout' })
    expect(pair.toServer.sent).toBe(1 + 12)
  })

  test('a timer that fires a trifle too early is not sent back to wait', () => {
    const pair = new Pair({ client: { retransmitTimeout: 400 } })
    pair.client.association.connect(pair.sim.now)
    const sent = pair.toServer.sent
    pair.client.association.handleTimeout(Millis(pair.sim.now + 380))
    expect(pair.toServer.sent).toBe(sent)
    pair.client.association.handleTimeout(Millis(pair.sim.now + 390))
    expect(pair.toServer.sent).toBe(sent + 1)
  })

  test('a timer that is late or early does no harm', () => {
    const pair = new Pair()
    pair.client.association.connect(pair.sim.now)
    const sent = pair.toServer.sent
    pair.client.association.handleTimeout(Millis(pair.sim.now + 10))
    expect(pair.toServer.sent).toBe(sent)
    pair.client.association.handleTimeout(Millis(pair.sim.now + 5_000))
    expect(pair.toServer.sent).toBe(sent + 1)
  })
})

describe('order', () => {
  test('Finished before the messages that its keys depend on is kept, and costs nothing', () => {
    const pair = new Pair({ server: { cookie: 'verified-path', mtu: 200 }, client: { mtu: 200 } })
    const held: Uint8Array[] = []
    const { send } = pair.client
    pair.client.send = (datagram) => {
      held.push(datagram.slice())
    }
    pair.client.association.connect(pair.sim.now)
    for (const datagram of held.splice(0)) send(datagram)
    pair.sim.run({ until: () => held.length > 3 })
    for (const datagram of held.splice(0).reverse()) send(datagram)
    pair.sim.run({ until: () => pair.isConnected })
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBe(1_000 + 4 * latency)
    expect(pair.server.association.discarded.snapshot()).toEqual({})
  })

  test('no more of them are kept than a few', () => {
    const pair = new Pair({ server: { cookie: 'verified-path' } })
    pair.client.association.connect(pair.sim.now)
    pair.sim.run({ until: () => pair.server.association.state === 'connecting' })
    const record = new Uint8Array(13 + 100)
    record.set([22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 100])
    for (let i = 0; i < 1_000; i++) pair.server.association.handleDatagram(pair.sim.now, record)
    expect(pair.server.association.discarded.get('early-record')).toBe(1_000 - 16)
    pair.sim.run({ until: () => pair.isConnected })
    expect(pair.isConnected).toBe(true)
  })
})

describe('the same seed', () => {
  const identity = (
    seed: number,
  ): { certificate: Certificate; crypto: ReturnType<typeof createNobleCrypto> } => {
    const random = new Random(seed)
    const crypto = createNobleCrypto((into) => random.fill(into))
    return { certificate: fixedCertificate(crypto), crypto }
  }
  const { privateKey: pkcs8, publicKey: spki } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })

  function fixedCertificate(crypto: ReturnType<typeof createNobleCrypto>): Certificate {
    const der = encodeSelfSigned({
      crypto,
      privateKey: crypto.importPrivateKey(pkcs8),
      subjectPublicKeyInfo: spki,
      commonName: 'fixed',
      notBefore: 0,
      notAfter: 1e12,
    })
    return createCertificate({ crypto, der, pkcs8 })
  }

  function trace(seed: number): string {
    const { certificate, crypto } = identity(seed)
    const own = { certificate, crypto, verify: { fingerprints: [certificate.fingerprint()] } }
    const pair = new Pair({
      seed,
      conditions: { latency: 30, loss: 0.3, reorder: 0.3, duplicate: 0.3 },
      client: { ...own, mtu: 400 },
      server: { ...own, mtu: 400 },
    }).handshake()
    expect(pair.isConnected).toBe(true)
    return pair.sim.trace
  }

  test('gives the same trace, and another seed another', () => {
    expect(trace(5)).toBe(trace(5))
    expect(trace(6)).not.toBe(trace(5))
  })
})
