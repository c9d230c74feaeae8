import { describe, expect, test } from '@jest/globals'
import { fromHex, toUtf8 } from '@purertc/bytes'

import { RecordHeader } from '../../src/record/record-header.ts'
import { Pair, type PairOptions } from '../pair.ts'

/** What somebody on the path could inject without any key. */
const forgeries: Record<string, Uint8Array> = {
  'a fatal alert': fromHex('15fefd 0000 000000000100 0002 0228'),
  close_notify: fromHex('15fefd 0000 000000000101 0002 0100'),
  'a record far ahead': fromHex('16fefd 0000 ffffffffffff 0001 00'),
  'a protected record': fromHex(`17fefd 0001 000000000000 0020 ${'ab'.repeat(32)}`),
  'a huge message': fromHex('16fefd 0000 000000000102 000d 0b ffffff 0007 000000 000001 00'),
  'a plaintext Finished': fromHex(
    `16fefd 0000 000000000103 0018 14 00000c 0005 000000 00000c ${'00'.repeat(12)}`,
  ),
  'a record of nothing': fromHex('16fefd 0000 000000000104 0000'),
  ChangeCipherSpec: fromHex('14fefd 0000 000000000105 0001 01'),
  garbage: new Uint8Array(100).fill(0xa5),
}

/** A pair into which `forgery` is injected in both directions, before every datagram and at once after it. */
function attacked(forgery: Uint8Array, options: PairOptions = {}): Pair {
  const pair = new Pair(options)
  for (const [link, end] of [
    [pair.toServer, pair.server],
    [pair.toClient, pair.client],
  ] as const)
    link.intercept((_index, bytes) => {
      const both = new Uint8Array(bytes.length)
      both.set(bytes)
      for (const wait of [1, 20, 21])
        pair.sim.after(wait, (now) => end.association.handleDatagram(now, forgery))
      return both
    })
  return pair
}

describe('an attacker who can only inject', () => {
  test.each(Object.entries(forgeries))('does not stop a handshake with %s', (_name, forgery) => {
    const pair = attacked(forgery).handshake()
    expect(pair.isConnected).toBe(true)
    pair.client.association.send(pair.sim.now, toUtf8('data'))
    pair.server.association.send(pair.sim.now, toUtf8('data'))
    pair.sim.advance(200)
    expect(pair.server.messages).toEqual([toUtf8('data')])
    expect(pair.client.messages).toEqual([toUtf8('data')])
    expect(pair.client.reason ?? pair.server.reason).toBeNull()
  })

  test('does not stop one by an alert that the true peer belies later, however slow it is', () => {
    const pair = new Pair()
    // The server's flight is lost twice, which takes longer than an alert is doubted.
    pair.toClient.intercept((index) => (index === 1 || index === 2 ? 'drop' : 'pass'))
    pair.client.association.connect(pair.sim.now)
    const alert = forgeries['a fatal alert'] ?? new Uint8Array(0)
    pair.sim.after(10, (now) => pair.client.association.handleDatagram(now, alert))
    pair.sim.run({ until: () => pair.isConnected || pair.isOver })
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBeGreaterThan(1_010 + 2_000)
  })

  test('does not make either end say more than a little more', () => {
    const quiet = new Pair().handshake()
    const flight: Uint8Array[] = []
    const pair = new Pair()
    pair.toServer.intercept((_index, bytes) => {
      flight.push(bytes.slice())
      return 'pass'
    })
    pair.handshake()
    // All that the client ever said, a thousand times within a second.
    for (let i = 0; i < 1_000; i++)
      for (const datagram of flight)
        pair.sim.after(i, (now) => pair.server.association.handleDatagram(now, datagram))
    pair.sim.advance(2_000)
    expect(pair.toClient.sent).toBe(quiet.toClient.sent)
    expect(pair.server.association.discarded.get('replayed')).toBe(1_000)
  })
})

describe('somebody who changes what passes', () => {
  /** Changes one bit of one datagram. */
  function tamper(direction: 'toServer' | 'toClient', index: number, at: number): Pair {
    const pair = new Pair({
      client: { handshakeTimeout: 5_000 },
      server: { cookie: 'verified-path', handshakeTimeout: 5_000 },
    })
    pair[direction].intercept((number, bytes) => {
      if (number !== index) return 'pass'
      const changed = bytes.slice()
      changed[at % changed.length]! ^= 0x01
      return changed
    })
    return pair.handshake()
  }

  test('never brings about a handshake in which the two ends differ', () => {
    let broken = 0
    let healed = 0
    for (const direction of ['toServer', 'toClient'] as const)
      for (let at = 0; at < 900; at += 13) {
        const pair = tamper(direction, 0, at)
        expect(pair.isConnected || pair.isOver).toBe(true)
        if (!pair.isConnected) {
          expect(pair.client.session).toBeNull()
          // A server may have been a step ahead; then it is told at once.
          pair.sim.advance(100)
          expect(pair.server.session === null || pair.server.reason !== null).toBe(true)
          broken++
        } else healed++
      }
    expect(broken).toBeGreaterThan(30)
    expect(healed).toBeGreaterThan(5)
  })
})

describe('a fragmented ClientHello', () => {
  test('in 255 pieces of which each comes twice, backwards', () => {
    const pair = new Pair({ server: { cookie: 'verified-path' } })
    pair.client.send = (datagram) => {
      const header = new RecordHeader()
      header.read(datagram, 0)
      if (datagram[13] !== 1) {
        pair.toServer.send(datagram)
        return
      }
      const body = datagram.slice(25)
      const pieces: Uint8Array[] = []
      for (let i = 0; i < body.length; i++) {
        const piece = new Uint8Array(26)
        piece.set(datagram.subarray(0, 25))
        piece[10] = i
        piece[12] = 13
        piece[21] = i
        piece[24] = 1
        piece[25] = body[i]!
        pieces.push(piece, piece)
      }
      for (const piece of pieces.reverse()) pair.toServer.send(piece)
    }
    pair.handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.server.association.discarded.get('repeated-fragment')).toBeGreaterThan(50)
  })

  test('with a lie about its length in between', () => {
    const client = { mtu: 160, alpn: ['a name that needs a fragment of its own'.repeat(2)] }
    const pair = new Pair({ server: { cookie: 'verified-path' }, client })
    pair.toServer.intercept((index, bytes) => {
      if (index !== 1) return 'pass'
      const lie = bytes.slice()
      lie[15] = 1
      return lie
    })
    pair.handshake()
    // The retransmission heals it.
    expect(pair.isConnected).toBe(true)
    expect(pair.server.association.discarded.get('contradictory-fragment')).toBeGreaterThan(0)
    expect(pair.sim.now).toBeGreaterThan(2_000)
  })
})
