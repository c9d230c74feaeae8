import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import type { DataChannel } from '../../src/index.ts'
import { text } from '../support/association-pair.ts'
import { ChannelsPair, type ChannelsPairOptions } from '../support/channels-pair.ts'

const window = 65_536

function connected(options: ChannelsPairOptions = {}): {
  pair: ChannelsPair
  sender: DataChannel
  receiver: DataChannel
} {
  const small = { receiveWindow: window, maxMessageSize: window / 2 }
  const pair = new ChannelsPair({ client: small, server: small, ...options }).connect()
  const sender = pair.client.channels.open(pair.now, { label: 'x' })
  pair.runUntil(() => pair.server.incoming.length === 1)
  return { pair, sender, receiver: pair.server.incoming[0]! }
}

describe('a paused channel', () => {
  test('holds its messages, and delivers them in order when it is resumed', () => {
    const { pair, sender, receiver } = connected()
    pair.server.channels.pause(receiver)
    for (const word of ['one', 'two', '', 'three'])
      pair.client.channels.send(pair.now, sender, text(word), true)
    pair.run(1_000)
    expect(pair.server.texts).toEqual([])
    pair.server.channels.resume(pair.now, receiver)
    expect(pair.server.texts).toEqual(['one', 'two', '', 'three'])
    pair.client.channels.send(pair.now, sender, text('four'), true)
    pair.run(1_000)
    expect(pair.server.texts).toHaveLength(5)
  })

  test('stops the peer within the receive window, loses nothing, and lets it go on at once', () => {
    const { pair, sender, receiver } = connected()
    const message = new Uint8Array(10_000)
    pair.server.channels.pause(receiver)
    for (let i = 0; i < 40; i++) pair.client.channels.send(pair.now, sender, message, false)
    pair.run(20_000)
    expect(pair.server.channels.association.receiveBuffered).toBeGreaterThan(window / 2)
    expect(pair.server.channels.association.receiveBuffered).toBeLessThan(1.3 * window)
    expect(sender.bufferedAmount).toBeGreaterThan(300_000)
    expect(pair.client.closed).toEqual([])
    const before = pair.now
    pair.server.channels.resume(pair.now, receiver)
    expect(pair.server.channels.association.receiveBuffered).toBeLessThan(10_000)
    // A SACK tells of the room: the peer does not wait until it probes the window again.
    const held = pair.server.messages.length
    pair.runUntil(() => pair.server.messages.length > held)
    expect(pair.now - before).toBeLessThan(100)
    pair.runUntil(() => pair.server.messages.length === 40)
  })

  test('survives a peer that waits for a minute', () => {
    const { pair, sender, receiver } = connected()
    pair.server.channels.pause(receiver)
    for (let i = 0; i < 20; i++) pair.client.channels.send(pair.now, sender, new Uint8Array(10_000), false)
    pair.run(120_000)
    expect(pair.client.channels.state).toBe('established')
    pair.server.channels.resume(pair.now, receiver)
    pair.runUntil(() => pair.server.messages.length === 20)
  })

  test('can be paused again from within what is delivered', () => {
    const { pair, sender, receiver } = connected()
    pair.server.channels.pause(receiver)
    for (const word of ['one', 'two', 'three']) pair.client.channels.send(pair.now, sender, text(word), true)
    pair.run(1_000)
    const push = pair.server.messages.push.bind(pair.server.messages)
    pair.server.messages.push = (...items) => {
      pair.server.channels.pause(receiver)
      return push(...items)
    }
    for (const expected of [1, 2, 3, 3]) {
      pair.server.channels.resume(pair.now, receiver)
      expect(pair.server.messages).toHaveLength(expected)
    }
    expect(pair.server.texts).toEqual(['one', 'two', 'three'])
  })

  test('closes only when what came before was read', () => {
    const { pair, sender, receiver } = connected()
    pair.server.channels.pause(receiver)
    pair.client.channels.send(pair.now, sender, text('last'), true)
    pair.client.channels.close(pair.now, sender)
    pair.run(5_000)
    expect(receiver.readyState).toBe('open')
    pair.server.channels.resume(pair.now, receiver)
    expect(pair.server.texts).toEqual(['last'])
    pair.runUntil(() => receiver.readyState === 'closed' && sender.readyState === 'closed')
    expect(pair.server.events).toEqual(['incoming x', 'closing x', 'closed x'])
  })

  test('that is closed here forgets what it holds', () => {
    const { pair, sender, receiver } = connected()
    pair.server.channels.pause(receiver)
    pair.client.channels.send(pair.now, sender, new Uint8Array(10_000), false)
    pair.run(1_000)
    pair.server.channels.close(pair.now, receiver)
    pair.runUntil(() => receiver.readyState === 'closed' && sender.readyState === 'closed')
    expect(pair.server.messages).toEqual([])
    expect(pair.server.channels.association.receiveBuffered).toBe(0)
    pair.server.channels.pause(receiver)
    pair.server.channels.resume(pair.now, receiver)
  })

  test('delivers what it holds before the association ends', () => {
    const { pair, sender, receiver } = connected()
    pair.server.channels.pause(receiver)
    pair.client.channels.send(pair.now, sender, text('last'), true)
    pair.run(1_000)
    pair.client.channels.abort(pair.now)
    pair.runUntil(() => pair.server.closed.length === 1)
    expect(pair.server.texts).toEqual(['last'])
    expect(receiver.readyState).toBe('closed')
  })

  test('leaves the other channels alone while there is room', () => {
    const { pair, sender, receiver } = connected()
    const other = pair.client.channels.open(pair.now, { label: 'other' })
    pair.server.channels.pause(receiver)
    pair.client.channels.send(pair.now, sender, text('held'), true)
    pair.client.channels.send(pair.now, other, text('free'), true)
    pair.run(1_000)
    expect(pair.server.texts).toEqual(['free'])
  })
})

test('whatever the network and the pauses, all arrives once and in order, within the window', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 }),
      (seed, pauses) => {
        const { pair, sender, receiver } = connected({ seed, loss: 0.02 })
        const count = 30
        for (let i = 0; i < count; i++)
          pair.client.channels.send(pair.now, sender, new Uint8Array(8_000).fill(i), false)
        for (const [i, milliseconds] of pauses.entries()) {
          if (i % 2 === 0) pair.server.channels.pause(receiver)
          else pair.server.channels.resume(pair.now, receiver)
          pair.run(milliseconds)
          expect(pair.server.channels.association.receiveBuffered).toBeLessThan(1.3 * window)
        }
        pair.server.channels.resume(pair.now, receiver)
        pair.runUntil(() => pair.server.messages.length === count)
        expect(pair.server.messages.map(({ data }) => data[0])).toEqual(
          Array.from({ length: count }, (_, i) => i),
        )
      },
    ),
    { numRuns: 30 },
  )
})
