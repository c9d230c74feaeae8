import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'

import { DtlsAssociation, SessionVault } from '../src/index.ts'
import { clientCertificate, only12, Pair, serverCertificate, upTo13 } from './pair.ts'
import { chromiumClientHello, chromiumServerFlight } from './vectors/chromium-156.ts'

/** Random bytes, and true datagrams with some of their bytes changed, cut off, or joined to others. */
class Fuzzer {
  readonly #random: Random
  readonly #corpus: Uint8Array[]

  constructor(seed: number, corpus: readonly Uint8Array[]) {
    this.#random = new Random(seed)
    this.#corpus = [...corpus]
  }

  learn(datagram: Uint8Array): void {
    if (this.#corpus.length < 50) this.#corpus.push(datagram.slice())
  }

  next(): Uint8Array {
    const kind = this.#random.int(4)
    if (kind === 0) return this.#noise(this.#random.int(200))
    if (kind === 1) return this.#headed(this.#noise(13 + this.#random.int(100)))
    const sample = this.#sample()
    if (kind === 2) return this.#mutate(sample)
    return this.#mutate(new Uint8Array([...sample, ...this.#sample()]))
  }

  #sample(): Uint8Array {
    return this.#corpus[this.#random.int(this.#corpus.length)] ?? new Uint8Array(0)
  }

  #noise(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    this.#random.fill(bytes)
    return bytes
  }

  /** Noise that gets past the first checks: a plausible header of the right length. */
  #headed(bytes: Uint8Array): Uint8Array {
    bytes.set([20 + this.#random.int(5), 0xfe, 0xfd, 0, this.#random.int(2), 0, 0, 0, 0, 0])
    bytes[11] = 0
    bytes[12] = bytes.length - 13
    if (bytes.length > 25 && this.#random.chance(0.7)) {
      bytes.set([this.#random.int(21), 0, 0, bytes.length - 25, 0, this.#random.int(8), 0, 0, 0, 0, 0], 13)
      bytes[24] = bytes.length - 25
    }
    return bytes
  }

  #mutate(datagram: Uint8Array): Uint8Array {
    const copy = datagram.slice(
      0,
      this.#random.chance(0.2) ? this.#random.int(datagram.length + 1) : undefined,
    )
    for (let changes = this.#random.int(4); changes > 0 && copy.length > 0; changes--)
      copy[this.#random.int(copy.length)] = this.#random.int(256)
    return copy
  }
}

const corpus = [...chromiumClientHello, chromiumServerFlight]

describe.each([
  ['DTLS 1.2', { versions: only12 }],
  ['DTLS 1.3', { versions: upTo13, groups: ['x25519', 'p-256'] }],
] as const)('ten thousand hostile datagrams of %s', (_name, config) => {
  test('after the handshake change nothing, and the data between them arrives', () => {
    const fuzzer = new Fuzzer(1, corpus)
    const sessions = new SessionVault({ crypto: nodeCrypto })
    const pair = new Pair({
      conditions: { latency: 1 },
      client: config,
      server: { ...config, sessions },
      onResumable: () => undefined,
    })
    pair.toServer.intercept((_index, bytes) => (fuzzer.learn(bytes), 'pass'))
    pair.toClient.intercept((_index, bytes) => (fuzzer.learn(bytes), 'pass'))
    pair.handshake()
    let next = 0
    for (let i = 0; i < 10_000; i++) {
      pair.server.association.handleDatagram(pair.sim.now, fuzzer.next())
      pair.client.association.handleDatagram(pair.sim.now, fuzzer.next())
      if (i % 100 !== 0) continue
      pair.client.association.send(pair.sim.now, Uint8Array.of(next))
      pair.server.association.send(pair.sim.now, Uint8Array.of(next))
      next++
      pair.sim.advance(5)
    }
    const expected = Array.from({ length: 100 }, (_, i) => Uint8Array.of(i))
    expect(pair.server.messages).toEqual(expected)
    expect(pair.client.messages).toEqual(expected)
    expect(pair.client.reason ?? pair.server.reason).toBeNull()
    expect(pair.server.association.discarded.total).toBeGreaterThan(9_000)
  })

  test('during handshakes end in a session of the true peer, or a reason', () => {
    const outcomes = { connected: 0, failed: 0 }
    for (let seed = 0; seed < 200; seed++) {
      const fuzzer = new Fuzzer(seed, corpus)
      const pair = new Pair({
        seed,
        conditions: { latency: 1 },
        client: { ...config, handshakeTimeout: 5_000 },
        server: { ...config, handshakeTimeout: 5_000, cookie: seed % 2 === 0 ? 'required' : 'verified-path' },
      })
      pair.toServer.intercept((_index, bytes) => (fuzzer.learn(bytes), 'pass'))
      pair.toClient.intercept((_index, bytes) => (fuzzer.learn(bytes), 'pass'))
      // Forged messages that fit the state win the race against true ones, so that of those who are under heavy fire
      // few get through.
      for (let shots = seed % 20; shots > 0; shots--) {
        const target = pair.sim.random.chance(0.5) ? pair.server : pair.client
        pair.sim.after(pair.sim.random.next() * 6, (now) =>
          target.association.handleDatagram(now, fuzzer.next()),
        )
      }
      pair.client.association.connect(pair.sim.now)
      pair.sim.run({
        deadline: 20_000,
        until: () => pair.isOver || (pair.isConnected && pair.sim.now > 1_100),
      })
      if (pair.isConnected) {
        outcomes.connected++
        expect(pair.client.session?.peerCertificate).toEqual(serverCertificate.der)
        expect(pair.server.session?.peerCertificate).toEqual(clientCertificate.der)
        expect(pair.client.session?.exportKeyingMaterial('x', null, 8)).toEqual(
          pair.server.session?.exportKeyingMaterial('x', null, 8),
        )
      } else {
        outcomes.failed++
        expect(pair.client.reason).not.toBeNull()
        expect(pair.client.session).toBeNull()
      }
    }
    expect(outcomes.connected + outcomes.failed).toBe(200)
    expect(outcomes.connected).toBeGreaterThan(20)
  })
})

describe('hostile datagrams', () => {
  test('to a machine that was not started, or has ended, are only counted', () => {
    for (const role of ['client', 'server'] as const) {
      const host = {
        transmit: () => undefined,
        connected: () => {
          throw new Error('connected to noise')
        },
        received: () => {
          throw new Error('received noise')
        },
        closed: () => undefined,
      }
      const association = new DtlsAssociation(
        {
          role,
          crypto: nodeCrypto,
          certificate: clientCertificate,
          verify: { certificate: () => true },
          clientAddress: 'x',
        },
        host,
      )
      const fuzzer = new Fuzzer(7, corpus)
      const pair = new Pair()
      for (let i = 0; i < 2_000; i++) association.handleDatagram(pair.sim.now, fuzzer.next())
      expect(association.state).toBe('new')
      association.close(pair.sim.now)
      for (let i = 0; i < 2_000; i++) association.handleDatagram(pair.sim.now, fuzzer.next())
      expect(association.state).toBe('closed')
      expect(association.nextTimeout).toBe(Infinity)
    }
  })
})

describe('memory', () => {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void

  const heapAfter = (): number => {
    collect()
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  }

  test('does not grow with what is thrown at a session', () => {
    const fuzzer = new Fuzzer(3, corpus)
    const pair = new Pair().handshake()
    const datagrams = Array.from({ length: 500 }, () => fuzzer.next())
    const attack = (times: number): void => {
      for (let i = 0; i < times; i++)
        pair.server.association.handleDatagram(
          pair.sim.now,
          datagrams[i % datagrams.length] ?? new Uint8Array(0),
        )
    }
    attack(1_000)
    const before = heapAfter()
    attack(10_000)
    expect(heapAfter() - before).toBeLessThan(500_000)
    expect(pair.server.reason).toBeNull()
  })

  test('of a half-open handshake is bounded, whatever is claimed', () => {
    const pair = new Pair({ server: { cookie: 'verified-path' } })
    pair.client.association.connect(pair.sim.now)
    pair.sim.run({ until: () => pair.server.association.state === 'connecting' })
    const before = heapAfter()
    const claim = new Uint8Array(13 + 12 + 1)
    for (let i = 0; i < 10_000; i++) {
      const length = i % 2 === 0 ? 0xff_ffff : 0x7fff
      claim.set([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, i, 0, 13])
      claim.set([11, length >> 16, length >> 8, length, 0, i % 12, 0, 0, 0, 0, 0, 1], 13)
      pair.server.association.handleDatagram(pair.sim.now, claim)
    }
    expect(heapAfter() - before).toBeLessThan(1_000_000)
  })
})
