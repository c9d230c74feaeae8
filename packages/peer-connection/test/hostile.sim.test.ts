import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random, simAddress } from '@purertc/netsim'

import { SimPair } from './support/sim-pair.ts'
import { Transfer } from './support/transfer.ts'

/*
 * A file is on its way while an attacker writes whatever it likes: into the network, from its own address and from the
 * peer's, into the DTLS session (a peer whose SCTP has gone mad), and into what signalling hands over. The file arrives
 * intact, every blow is counted, and nothing is kept.
 */

const blows = 10_000
const fileSize = 2 * 1024 * 1024

describe('while 10,000 hostile datagrams come in at a layer, the file arrives intact', () => {
  test('noise and forged first bytes from strangers, and from the address of the peer', async () => {
    const attack = new Attack(1)
    const stranger = simAddress('192.168.0.66', 6_666)
    const { alice, bob } = attack.pair
    await attack.run((random, count) => {
      const victim = count % 2 === 0 ? alice : bob
      const peer = victim === alice ? bob : alice
      attack.pair.network.inject(
        count % 3 === 0 ? stranger : peer.socket.local,
        victim.socket.local,
        noise(random, LEADING_BYTES[random.int(LEADING_BYTES.length)] ?? 0),
      )
    })
    expect(attack.discarded).toMatchObject({
      transport: { 'not-dtls': expect.any(Number) },
      ice: expect.anything(),
      dtls: expect.anything(),
    })
  })

  test('changed copies of true datagrams: STUN checks and DTLS records', async () => {
    const attack = new Attack(2)
    const { alice, bob } = attack.pair
    await attack.run((random, count) => {
      const victim = count % 2 === 0 ? alice : bob
      const peer = victim === alice ? bob : alice
      const original = attack.wiretap[random.int(attack.wiretap.length)] ?? new Uint8Array(1)
      attack.pair.network.inject(peer.socket.local, victim.socket.local, mutate(random, original))
    })
    expect(attack.discarded.dtls).toMatchObject({ forged: expect.any(Number), replayed: expect.any(Number) })
  })

  test('noise and changed SCTP packets inside the DTLS session', async () => {
    const attack = new Attack(3)
    const { alice, bob } = attack.pair
    await attack.run((random, count, now) => {
      const attacker = count % 2 === 0 ? alice : bob
      const original = attack.plaintexts[random.int(attack.plaintexts.length)] ?? new Uint8Array(1)
      const packet = count % 3 === 0 ? noise(random, 0x13) : mutate(random, original)
      attacker.transport.sendDatagram(now, packet)
    })
    expect(Object.values(attack.discarded.sctp).length).toBeGreaterThan(0)
  })

  test('candidates of any text', async () => {
    const attack = new Attack(4)
    const { alice, bob } = attack.pair
    const line = bob.candidates[0] ?? ''
    await attack.run((random, count, now) => {
      const text = Buffer.from(mutate(random, Buffer.from(count % 5 === 0 ? 'x' : line))).toString('latin1')
      ;(count % 2 === 0 ? alice : bob).transport.addRemoteCandidate(now, text)
    })
    expect(attack.discarded.transport).toMatchObject({ 'unusable-candidate': expect.any(Number) })
    // What was parsable is bounded by the check list's limit.
    expect(alice.transport.statistics.ice.pairs.length).toBeLessThanOrEqual(100)
  })
})

type Strike = (random: Random, count: number, now: Millis) => void

class Attack {
  readonly pair: SimPair
  /** Datagrams that crossed the network, and what was inside of DTLS records: the last thousand of each. */
  readonly wiretap: Uint8Array[] = []
  readonly plaintexts: Uint8Array[] = []
  readonly #random: Random
  #isListening = true

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.pair = new SimPair({ seed, latency: 5, config: { crypto: this.#listeningCrypto(seed) } })
    this.pair.network.intercept((_, bytes) => {
      this.#keep(this.wiretap, bytes)
      return 'pass'
    })
    expect(this.pair.connect()).toBe(true)
  }

  get discarded(): Record<'transport' | 'ice' | 'dtls' | 'sctp', object> {
    const sum = { transport: {}, ice: {}, dtls: {}, sctp: {} }
    for (const { transport } of this.pair.peers) {
      const { discarded } = transport.statistics
      for (const layer of ['transport', 'ice', 'dtls', 'sctp'] as const)
        Object.assign(sum[layer], discarded[layer])
    }
    return sum
  }

  /**
   * Transfers a file under all blows and looks at it; then deals as many again, with nothing else going on, and
   * looks at the heap: what the transfer itself took and what was compiled meanwhile is there already.
   */
  async run(strike: Strike): Promise<void> {
    const { pair } = this
    const transfer = new Transfer(pair, pair.alice, pair.bob, fileSize)
    this.#deal(strike, blows, () => transfer.isComplete)
    expect(transfer.digest).toBe(transfer.expectedDigest)
    // The attacker's own notes are no memory of the victims'.
    this.#isListening = false
    const heapBefore = await heapUsed()
    this.#deal(strike, blows, () => true)
    expect((await heapUsed()) - heapBefore).toBeLessThan(2 * 1024 * 1024)
    expect(pair.peers.map((peer) => peer.closeReason)).toEqual([undefined, undefined])
  }

  #deal(strike: Strike, blows: number, isDone: () => boolean): void {
    const { sim } = this.pair
    let dealt = 0
    const volley = (): void => {
      for (let i = 0; i < 10; i++) strike(this.#random, dealt++, sim.now)
      if (dealt < blows) sim.after(1, volley)
    }
    sim.after(1, volley)
    expect(sim.run({ until: () => dealt >= blows && isDone(), deadline: 3_600_000 })).toBe(true)
  }

  #keep(store: Uint8Array[], bytes: Uint8Array): void {
    if (!this.#isListening) return
    store.push(bytes.slice())
    if (store.length > 1_000) store.shift()
  }

  /** Seeded crypto that notes what is sealed: what an attacker with the keys, the peer itself, could vary. */
  #listeningCrypto(seed: number): CryptoProvider {
    const random = new Random(seed + 1)
    const randomFill = (into: Uint8Array): void => random.fill(into)
    const { createKeyExchange, answerKeyExchange, importPrivateKey } = createNobleCrypto(randomFill)
    return {
      ...nodeCrypto,
      randomFill,
      createKeyExchange,
      answerKeyExchange,
      importPrivateKey,
      createAead: (algorithm, key) => {
        const aead = nodeCrypto.createAead(algorithm, key)
        return {
          algorithm,
          tagLength: aead.tagLength,
          open: (...args) => aead.open(...args),
          seal: (nonce, aad, plaintext, into, at) => {
            // The last byte is the content type of DTLS 1.3.
            this.#keep(this.plaintexts, plaintext.subarray(0, -1))
            return aead.seal(nonce, aad, plaintext, into, at)
          },
        }
      },
    }
  }
}

function noise(random: Random, first: number): Uint8Array {
  const bytes = new Uint8Array(1 + random.int(1_300))
  random.fill(bytes)
  bytes[0] = first
  return bytes
}

/** A copy with bits turned, bytes cut off or added; sometimes an exact copy: a replay. */
function mutate(random: Random, original: Uint8Array): Uint8Array {
  const kind = random.int(4)
  if (kind === 0) return original.slice()
  if (kind === 1) return original.slice(0, random.int(original.length + 1))
  const bytes = new Uint8Array(original.length + (kind === 2 ? random.int(64) : 0))
  random.fill(bytes)
  bytes.set(original)
  for (let i = 0, flips = 1 + random.int(4); i < flips; i++) {
    const at = random.int(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(8))
  }
  return bytes
}

let collect: () => void = () => {}
beforeAll(() => {
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as () => void
})

/** Bytes, once what the collector found has been given back, which is done beside the program. */
async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

/** STUN, ZRTP, DTLS of each content type and the unified header, TURN channel, RTP, and what nothing has, RFC 7983. */
const LEADING_BYTES = [0, 1, 16, 20, 21, 22, 23, 24, 25, 32, 44, 64, 79, 128, 191, 192, 255]
