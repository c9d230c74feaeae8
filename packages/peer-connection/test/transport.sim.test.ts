import { toUtf8 } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'

import { TransportError } from '../src/index.ts'
import { SimPair } from './support/sim-pair.ts'

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

describe('a connected transport', () => {
  test('takes eight one-way trips to connect, and no time-out', () => {
    const pair = new SimPair({ seed: 1, latency: 20 })
    const start = pair.sim.now
    expect(pair.connect()).toBe(true)
    // Check 2, DTLS 1.3 3, SCTP 4, of which one is shared by the two ends' handshakes.
    expect(pair.sim.now - start).toBe(8 * 20)
    for (const { session, dtlsState, iceState } of pair.peers) {
      expect(session?.cipherSuite.name).toBe('TLS_AES_128_GCM_SHA256')
      // SRTP_AEAD_AES_128_GCM, for media that may be added to the bundle later.
      expect(session?.srtpProfile).toBe(7)
      expect(dtlsState).toBe('connected')
      expect(iceState).toMatch(/connected|completed/)
    }
    const { alice, bob } = pair
    expect(alice.session?.peerCertificate).toEqual(bob.certificate.der)
    expect(bob.session?.peerCertificate).toEqual(alice.certificate.der)
  })

  test('carries text and bytes over channels that either end opens', () => {
    const pair = new SimPair({ seed: 2, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    const chat = alice.transport.openChannel(sim.now, { label: 'chat', protocol: 'x' })
    alice.transport.send(sim.now, chat, toUtf8('hello'), true)
    alice.transport.send(sim.now, chat, Uint8Array.of(1, 2, 3), false)
    sim.run({ until: () => bob.received.length === 2 })
    expect(bob.channels[0]).toMatchObject({ label: 'chat', protocol: 'x', ordered: true })
    expect(bob.received.map(({ isText }) => isText)).toEqual([true, false])
    expect(text(bob.received[0]?.data)).toBe('hello')
    expect(bob.received[1]?.data).toEqual(Uint8Array.of(1, 2, 3))

    const back = bob.transport.openChannel(sim.now, { label: 'back', ordered: false })
    bob.transport.send(sim.now, back, toUtf8('hi'), true)
    sim.run({ until: () => alice.received.length === 1 })
    expect(text(alice.received[0]?.data)).toBe('hi')
    // The DTLS client has the even streams (RFC 8832 §6), and Bob is the client.
    expect([chat.id % 2, back.id % 2]).toEqual([1, 0])
  })

  test('opens what was asked for before there was an association', () => {
    const pair = new SimPair({ seed: 3, latency: 5 })
    pair.start()
    const { alice, bob, sim } = pair
    const early = alice.transport.openChannel(sim.now, { label: 'early' })
    expect(early.readyState).toBe('connecting')
    expect(sim.run({ until: () => bob.channels.length === 1, deadline: 1_000 })).toBe(true)
    expect(early.readyState).toBe('open')
    expect(alice.events).toContain('opened: early')
  })

  test('closes a channel on both ends', () => {
    const pair = new SimPair({ seed: 4, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    const channel = alice.transport.openChannel(sim.now, { label: 'brief' })
    sim.run({ until: () => bob.channels.length === 1 })
    alice.transport.closeChannel(sim.now, channel)
    sim.advance(1_000)
    expect(alice.events).toContain('channel closed: brief')
    expect(bob.events).toEqual(expect.arrayContaining(['channel closing: brief', 'channel closed: brief']))
    alice.transport.closeChannel(sim.now, channel)
  })

  test('reports its statistics', () => {
    const pair = new SimPair({ seed: 5, latency: 5 })
    pair.connect()
    const { ice, dtls, sctp, discarded } = pair.alice.transport.statistics
    expect(ice).toMatchObject({ role: 'controlling', credentials: pair.alice.credentials })
    expect(ice.active?.state).toBe('succeeded')
    expect(ice.bytesSent).toBeGreaterThan(500)
    expect(dtls).toMatchObject({ state: 'connected', role: 'server' })
    expect(sctp?.congestionWindow).toBeGreaterThan(1_160)
    expect(discarded.transport).toEqual({})
  })
})

describe('the end of a transport', () => {
  test('close() reaches the peer through every layer, top down', () => {
    const pair = new SimPair({ seed: 6, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    sim.advance(1_000)
    const firstBytes: number[] = []
    pair.network.intercept(({ from }, bytes) => {
      if (from.address === alice.socket.local.address) firstBytes.push(bytes[0] ?? -1)
      return 'pass'
    })
    alice.transport.close(sim.now)
    sim.run({ until: () => bob.closeReason !== undefined, deadline: 1_000 })
    sim.advance(100)
    // Application data with the ABORT, then the alert, both of epoch 3; nothing after them.
    expect(firstBytes).toEqual([0x2f, 0x2f])
    expect(bob.closeReason).toBeInstanceOf(TransportError)
    expect(bob.closeReason?.code).toBe('remote-closed')
    expect(bob.closeReason?.sctp).toMatchObject({ code: 'aborted-by-peer', cause: 12 })
    expect(bob.dtlsState).toBe('closed')
    expect(alice.events.at(-1)).toBe('released')
    expect(alice.transport.nextTimeout).toBe(Infinity)
  })

  test('a lost ABORT is made up for by close_notify', () => {
    const pair = new SimPair({ seed: 7, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    // The alert is the one record of two bytes of content.
    const isData = (bytes: Uint8Array): boolean => bytes[0] === 0x2f && bytes.length > 22 + 2
    pair.network.intercept((_path, bytes) => (isData(bytes) ? 'drop' : 'pass'))
    alice.transport.close(sim.now)
    sim.run({ until: () => bob.closeReason !== undefined, deadline: 1_000 })
    expect(bob.closeReason?.dtls?.kind).toBe('close-notify')
  })

  test('shutdown() waits until all that is queued has arrived', () => {
    const pair = new SimPair({ seed: 8, latency: 20 })
    pair.connect()
    const { alice, bob, sim } = pair
    const channel = alice.transport.openChannel(sim.now, { label: 'last words' })
    for (let i = 0; i < 20; i++) alice.transport.send(sim.now, channel, new Uint8Array(5_000).fill(i), false)
    alice.transport.shutdown(sim.now)
    expect(sim.run({ until: () => alice.closeReason !== undefined })).toBe(true)
    expect(alice.closeReason).toBeNull()
    sim.advance(500)
    expect(bob.received.map(({ data }) => data[0])).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(bob.closeReason?.code).toBe('remote-closed')
  })

  test('closing from within any callback is safe', () => {
    for (const event of ['connected', 'channel opened: a', 'received', 'ice connected'] as const) {
      const pair = new SimPair({ seed: 9, latency: 5 })
      const { alice, bob, sim } = pair
      bob.events.push = (...items: string[]): number => {
        if (items.includes(event)) bob.transport.close(sim.now)
        return Array.prototype.push.apply(bob.events, items)
      }
      bob.onReceived = () => bob.transport.close(sim.now)
      pair.start()
      const channel = alice.transport.openChannel(sim.now, { label: 'a' })
      alice.events.push = (...items: string[]): number => {
        if (items.includes('opened: a')) alice.transport.send(sim.now, channel, toUtf8('x'), true)
        return Array.prototype.push.apply(alice.events, items)
      }
      sim.run({ until: () => bob.events.includes('released'), deadline: 5_000 })
      sim.advance(1_000)
      expect(bob.events).toContain('released')
      expect(bob.transport.nextTimeout).toBe(Infinity)
      expect(() =>
        bob.transport.handleDatagram(sim.now, 0, alice.socket.local, new Uint8Array(30)),
      ).not.toThrow()
    }
  })

  test('misuse throws a typed error', () => {
    const pair = new SimPair({ seed: 10 })
    const { alice, sim } = pair
    const notStarted = expect.objectContaining({ name: 'TransportError', code: 'not-started' })
    expect(() => alice.transport.openChannel(sim.now, {})).toThrow(notStarted)
    expect(() => alice.transport.sendDatagram(sim.now, new Uint8Array(1))).toThrow(notStarted)
    pair.start()
    expect(() => alice.transport.sendDatagram(sim.now, new Uint8Array(1))).toThrow(
      expect.objectContaining({ name: 'DtlsError', code: 'not-connected' }),
    )
  })
})

describe('who is not the peer', () => {
  test('a certificate of another fingerprint ends the handshake, and no data flows', () => {
    const pair = new SimPair({ seed: 11, latency: 5 })
    pair.start((agreement, peer) =>
      peer === pair.alice
        ? { ...agreement, remoteFingerprints: [peer.certificate.fingerprint()] }
        : agreement,
    )
    const { alice, bob, sim } = pair
    sim.run({ until: () => alice.closeReason !== undefined, deadline: 10_000 })
    expect(alice.closeReason?.code).toBe('fingerprint-mismatch')
    expect(alice.dtlsState).toBe('failed')
    sim.run({ until: () => bob.closeReason !== undefined, deadline: 10_000 })
    expect(bob.closeReason?.code).toBe('dtls')
    expect([alice.isConnected, bob.isConnected]).toEqual([false, false])
  })

  test('credentials that are wrong fail the checks, and DTLS never begins', () => {
    const pair = new SimPair({ seed: 12, latency: 5 })
    pair.start((agreement) => ({
      ...agreement,
      remoteCredentials: { ...agreement.remoteCredentials, password: 'a'.repeat(24) },
    }))
    const { alice, bob, sim } = pair
    expect(sim.run({ until: () => pair.peers.every((peer) => peer.iceState === 'failed') })).toBe(true)
    expect([alice.dtlsState, bob.dtlsState]).toEqual(['new', 'new'])
  })
})

describe('races and restarts', () => {
  test('a ClientHello that outruns the answer is not lost', () => {
    const pair = new SimPair({ seed: 13, latency: 10 })
    const { alice, bob, sim } = pair
    const start = sim.now
    alice.gather(sim.now)
    bob.gather(sim.now)
    for (const line of alice.candidates) bob.transport.addRemoteCandidate(sim.now, line)
    bob.transport.start(sim.now, pair.agreement(bob))
    // The answer takes 75 ms. Bob's check is answered before, for it has Alice's password, so Bob goes on to DTLS.
    sim.after(75, (now) => alice.transport.start(now, pair.agreement(alice)))
    sim.run({ until: () => pair.peers.every((peer) => peer.dtlsState === 'connected'), deadline: 5_000 })
    expect(alice.transport.statistics.discarded.transport).toEqual({})
    // A check and its answer, then two flights: Alice did not wait for Bob's ClientHello to come again at 120 ms.
    expect(sim.now - start).toBe(75 + 2 * 10 + 2 * 10)
  })

  test('the DTLS client makes its keys while it waits for the path', () => {
    const pair = new SimPair({ seed: 15, latency: 10 })
    pair.start()
    // At once, but not before the description could be signalled that this call completes.
    expect(pair.peers.map(({ keysMade }) => keysMade)).toEqual([0, 0])
    pair.sim.advance(1)
    expect(pair.peers.map(({ keysMade }) => keysMade)).toEqual([0, 2])
    pair.sim.run({ until: () => pair.peers.every((peer) => peer.isConnected), deadline: 5_000 })
    expect(pair.peers.map(({ keysMade }) => keysMade)).toEqual([0, 2])
  })

  test('an ICE restart changes the credentials, and data goes on meanwhile', () => {
    const pair = new SimPair({ seed: 14, latency: 10 })
    pair.connect()
    const { alice, bob, sim } = pair
    const before = alice.credentials
    const channel = alice.transport.openChannel(sim.now, { label: 'steady' })
    const send = (n: number): void => alice.transport.send(sim.now, channel, Uint8Array.of(n), false)
    send(1)
    for (const [peer, name] of [
      [alice, 'A'],
      [bob, 'B'],
    ] as const) {
      peer.candidates.length = 0
      peer.transport.restart(sim.now, { usernameFragment: name.repeat(4), password: name.repeat(22) })
      peer.gather(sim.now)
    }
    send(2)
    for (const peer of pair.peers) peer.transport.start(sim.now, pair.agreement(peer))
    for (const [peer, other] of [pair.peers, [bob, alice] as const])
      for (const line of other.candidates) peer.transport.addRemoteCandidate(sim.now, line)
    const oldPair = alice.pair
    expect(
      sim.run({ until: () => alice.pair !== oldPair && bob.received.length === 2, deadline: 5_000 }),
    ).toBe(true)
    send(3)
    sim.run({ until: () => bob.received.length === 3, deadline: 5_000 })
    expect(bob.received.map(({ data }) => data[0])).toEqual([1, 2, 3])
    expect(alice.credentials).not.toEqual(before)
    expect(alice.dtlsState).toBe('connected')
  })
})

describe('mode datagram', () => {
  test('one write arrives as one message, straight in a DTLS record', () => {
    const pair = new SimPair({ seed: 15, latency: 5, mode: 'datagram' })
    expect(pair.connect()).toBe(true)
    const { alice, bob, sim } = pair
    alice.transport.sendDatagram(sim.now, toUtf8('one'))
    alice.transport.sendDatagram(sim.now, toUtf8('two'))
    bob.transport.sendDatagram(sim.now, new Uint8Array(10_000).fill(7))
    sim.run({ until: () => bob.datagrams.length === 2 && alice.datagrams.length === 1, deadline: 1_000 })
    expect(bob.datagrams.map(text)).toEqual(['one', 'two'])
    expect(alice.datagrams[0]).toEqual(new Uint8Array(10_000).fill(7))
    expect(() => alice.transport.sendDatagram(sim.now, new Uint8Array(16_385))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
    expect(alice.transport.statistics.sctp).toBeNull()
    bob.transport.shutdown(sim.now)
    sim.run({ until: () => alice.closeReason !== undefined, deadline: 1_000 })
    expect(alice.closeReason?.code).toBe('remote-closed')
    expect(bob.closeReason).toBeNull()
  })
})
