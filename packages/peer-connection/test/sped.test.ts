import { describe, expect, test } from '@jest/globals'

import type { RTCConfiguration } from '../src/index.ts'
import { greet, negotiate, SimWorld } from './support/sim-environment.ts'
import { SimPair, type SimPeer } from './support/sim-pair.ts'

const sped: RTCConfiguration = { ice: { sped: true } }

const embedding = (peer: SimPeer): { datagramsSent: number; datagramsReceived: number } =>
  peer.transport.statistics.ice.dtlsInStun ?? { datagramsSent: 0, datagramsReceived: 0 }

/** Two ends that agree, or not, that checks carry DTLS; `groups`: which a first flight of one datagram has. */
function pairOf(
  isOn: boolean,
  options: { readonly seed?: number; readonly loss?: number; readonly isHybrid?: boolean } = {},
): SimPair {
  const { seed = 1, loss = 0, isHybrid = false } = options
  const dtls = isHybrid ? {} : { groups: ['x25519'] as const }
  return new SimPair({ seed, latency: 50, loss, config: { dtls, ice: { sped: isOn } } })
}

/** Milliseconds until both ends are secured; they begin at once. */
function timeToSecure(pair: SimPair, isOn: boolean): number {
  const start = pair.sim.now
  pair.start((agreement) => ({ ...agreement, iceOptions: isOn ? ['trickle', 'sped'] : ['trickle'] }))
  const until = (): boolean => pair.peers.every(({ dtlsState }) => dtlsState === 'connected')
  expect(pair.sim.run({ until, deadline: 60_000 })).toBe(true)
  return pair.sim.now - start
}

describe('a DTLS handshake within checks, draft-hancke-webrtc-sped', () => {
  test('saves a round trip', () => {
    const [plain, embedded] = [pairOf(false), pairOf(true)]
    expect(timeToSecure(plain, false)).toBe(5 * 50)
    expect(timeToSecure(embedded, true)).toBe(3 * 50)
    // A ClientHello, and the server's whole flight in the answer; the client's flight had a path.
    expect(embedding(embedded.bob).datagramsSent).toBeGreaterThanOrEqual(1)
    expect(embedding(embedded.bob).datagramsReceived).toBe(1)
    expect(embedding(embedded.alice).datagramsReceived).toBe(1)
    expect(plain.alice.transport.statistics.ice.dtlsInStun).toBeNull()
  })

  test('saves half of one where the first flight is two datagrams, for there is one check', () => {
    const [plain, embedded] = [pairOf(false, { isHybrid: true }), pairOf(true, { isHybrid: true })]
    expect(timeToSecure(plain, false)).toBe(5 * 50)
    expect(timeToSecure(embedded, true)).toBe(4 * 50)
    expect(embedding(embedded.alice).datagramsReceived).toBe(2)
  })

  test('carries data afterwards, and falls silent', () => {
    const pair = pairOf(true)
    timeToSecure(pair, true)
    const { alice, bob, sim } = pair
    expect(sim.run({ until: () => pair.peers.every(({ isConnected }) => isConnected) })).toBe(true)
    const channel = alice.transport.openChannel(sim.now, { label: 'chat' })
    for (let i = 0; i < 100; i++) alice.transport.send(sim.now, channel, new Uint8Array(5_000), false)
    sim.run({ until: () => bob.received.length === 100, deadline: 10_000 })
    expect(bob.received.length).toBe(100)
    sim.advance(20_000)
    const sent = pair.peers.map((peer) => embedding(peer).datagramsSent)
    sim.advance(120_000)
    expect(pair.peers.map((peer) => embedding(peer).datagramsSent)).toEqual(sent)
  })

  test('withstands loss: 40 seeds at 20 %', () => {
    let [plain, embedded] = [0, 0]
    for (let seed = 1; seed <= 40; seed++) {
      plain += timeToSecure(pairOf(false, { seed, loss: 0.2, isHybrid: true }), false)
      embedded += timeToSecure(pairOf(true, { seed, loss: 0.2, isHybrid: true }), true)
    }
    expect(embedded).toBeLessThan(plain)
  })

  test('also where the client hears of the answer last', () => {
    const pair = pairOf(true)
    const { alice, bob, sim } = pair
    for (const peer of pair.peers) peer.gather(sim.now)
    for (const line of alice.candidates) bob.transport.addRemoteCandidate(sim.now, line)
    const agreed = (peer: SimPeer) => ({ ...pair.agreement(peer), iceOptions: ['sped'] })
    bob.transport.start(sim.now, agreed(bob))
    // The ClientHello of the answerer's check waits for the answer to arrive.
    sim.after(120, (now) => alice.transport.start(now, agreed(alice)))
    sim.run({ until: () => pair.peers.every(({ isConnected }) => isConnected), deadline: 5_000 })
    expect(pair.peers.map(({ isConnected }) => isConnected)).toEqual([true, true])
    expect(embedding(alice).datagramsReceived).toBe(1)
  })
})

test('with SNAP a first message arrives two round trips earlier', async () => {
  const time = async (configuration: RTCConfiguration): Promise<number> => {
    const world = new SimWorld({ latency: 100 })
    const [alice, bob] = world.pair([configuration, configuration])
    const init = { negotiated: true, id: 0 }
    const received: unknown[] = []
    const channel = alice.createDataChannel('chat', init)
    bob.createDataChannel('chat', init).onmessage = ({ data }) => received.push(data)
    channel.onopen = () => channel.send('hello')
    await negotiate(alice, bob)
    const start = world.sim.now
    await world.until(() => received.length === 1)
    return world.sim.now - start
  }
  const groups = ['x25519'] as const
  const [plain, warp] = [
    await time({ dtls: { groups } }),
    await time({ dtls: { groups }, ...sped, sctpSnap: true }),
  ]
  // The clock goes on by ten milliseconds at a time.
  expect(plain - warp).toBeGreaterThanOrEqual(390)
  expect(warp).toBeLessThanOrEqual(440)
})

describe('a=ice-options:sped', () => {
  const optionsOf = (sdp: string | undefined): string | undefined =>
    /^a=ice-options:(.*)\r$/m.exec(sdp ?? '')?.[1]

  async function connect(offerer: RTCConfiguration, answerer: RTCConfiguration) {
    const world = new SimWorld({ latency: 40 })
    const [alice, bob] = world.pair([offerer, answerer])
    await greet(world, alice, bob)
    const count = alice.transportStatistics?.ice.dtlsInStun?.datagramsReceived
    return { offer: alice.localDescription?.sdp, answer: bob.localDescription?.sdp, count }
  }

  test('is offered and answered where both ends are told to, and then used', async () => {
    const { offer, answer, count } = await connect(sped, sped)
    expect([optionsOf(offer), optionsOf(answer)]).toEqual(['trickle sped', 'trickle sped'])
    expect(count).toBeGreaterThan(0)
  })

  test('is not answered by who does not know it, and not used then', async () => {
    const { offer, answer, count } = await connect(sped, {})
    expect([optionsOf(offer), optionsOf(answer)]).toEqual(['trickle sped', 'trickle'])
    expect(count).toBe(0)
  })

  test('is not answered where it was not offered', async () => {
    const { offer, answer, count } = await connect({}, sped)
    expect([optionsOf(offer), optionsOf(answer)]).toEqual(['trickle', 'trickle'])
    expect(count).toBeUndefined()
  })
})
