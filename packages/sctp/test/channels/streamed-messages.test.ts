import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import type { DataChannel, DataChannelOptions, MessageWriter } from '../../src/index.ts'
import { pattern, text } from '../support/association-pair.ts'
import { ChannelsPair, type ChannelsPairOptions, type Side } from '../support/channels-pair.ts'

const limit = 65_536
const window = 4 * limit
const inParts = { deliverParts: true, maxMessageSize: limit, receiveWindow: window, remoteMaxMessageSize: 0 }

function connected(
  options: ChannelsPairOptions = {},
  channel: DataChannelOptions = {},
): { pair: ChannelsPair; sender: DataChannel; receiver: DataChannel } {
  const pair = new ChannelsPair({ client: inParts, server: inParts, ...options }).connect()
  const sender = pair.client.channels.open(pair.now, { label: 'x', ...channel })
  pair.runUntil(() => pair.server.incoming.length === 1)
  return { pair, sender, receiver: pair.server.incoming[0]! }
}

/** Collects what comes in parts, and whether it equals the pattern, without keeping it. */
function watch(side: Side, seed: number): { isRight: () => boolean; isEnded: () => boolean } {
  const piece = pattern(limit, seed)
  let at = 0
  let right = true
  let ended = false
  side.onPart = (_channel, part, isLast) => {
    for (let from = 0; from < part.length;) {
      const length = Math.min(part.length - from, limit - (at % limit))
      const expected = piece.subarray(at % limit, (at % limit) + length)
      right &&= equalBytes(part.subarray(from, from + length), expected)
      from += length
      at += length
    }
    ended = isLast
  }
  return { isRight: () => right, isEnded: () => ended }
}

/** Writes `pieces` pieces as the buffered amount allows, and ends the message. */
function pour(pair: ChannelsPair, channel: DataChannel, pieces: number, seed: number): MessageWriter {
  const piece = pattern(limit, seed)
  const writer = pair.client.channels.openMessage(pair.now, channel, false)
  let written = 0
  channel.bufferedAmountLowThreshold = 2 * limit
  const write = (): void => {
    for (; written < pieces && channel.bufferedAmount < 4 * limit; written++) writer.write(pair.now, piece)
    if (written !== pieces) return
    pair.client.onLow = null
    writer.end(pair.now)
  }
  pair.client.onLow = write
  write()
  return writer
}

/** A GiB takes a minute: PURERTC_STREAMED_MIB says how much there is to be. */
const mebibytes = Number(process.env['PURERTC_STREAMED_MIB'] ?? 32)

describe('a message that is sent while it is written', () => {
  test(`of ${mebibytes} MiB is held nowhere whole`, () => {
    const wide = { mtu: 16_344, largeChunks: true }
    const { pair, sender } = connected({ client: { ...inParts, ...wide }, server: { ...inParts, ...wide } })
    const watched = watch(pair.server, 1)
    pour(pair, sender, mebibytes * 16, 1)
    let mostHeld = 0
    let mostBuffered = 0
    pair.runUntil(() => {
      mostHeld = Math.max(mostHeld, pair.server.channels.association.receiveBuffered)
      mostBuffered = Math.max(mostBuffered, sender.bufferedAmount)
      return watched.isEnded()
    }, 3_600_000)
    expect(pair.server.partBytes).toBe(mebibytes * 1_048_576)
    expect(watched.isRight()).toBe(true)
    expect(mostHeld).toBeLessThan(2 * limit)
    expect(mostBuffered).toBeLessThan(6 * limit)
    expect(pair.server.channels.association.receiveBuffered).toBe(0)
  })

  test('arrives right over a lossy path that reorders and doubles', () => {
    const { pair, sender } = connected({ seed: 4, loss: 0.05, reorder: 0.1, duplicate: 0.05, jitter: 5 })
    const watched = watch(pair.server, 2)
    pour(pair, sender, 40, 2)
    pair.runUntil(() => watched.isEnded())
    expect([pair.server.partBytes, watched.isRight()]).toEqual([40 * limit, true])
    expect(pair.server.channels.association.receiveBuffered).toBe(0)
  })

  test.each([true, false])('keeps its place among the messages of its channel (ordered: %s)', (ordered) => {
    const { pair, sender } = connected({ seed: 2, loss: 0.03, jitter: 10 }, { ordered })
    const { channels } = pair.client
    const order: string[] = pair.server.events
    channels.send(pair.now, sender, text('before'), true)
    const writer = channels.openMessage(pair.now, sender, true)
    channels.send(pair.now, sender, text('after'), true)
    for (let i = 0; i < 5; i++) writer.write(pair.now, pattern(limit, i))
    pair.run(1_000)
    expect(pair.server.texts).toEqual(['before'])
    writer.end(pair.now)
    pair.runUntil(() => pair.server.messages.length === 2 && order.includes('last part x of text'))
    expect(pair.server.partBytes).toBe(5 * limit)
  })

  test('holds up no other channel, before or after it', () => {
    const { pair, sender } = connected({ rate: 1_000_000, queue: 100_000 })
    const other = pair.client.channels.open(pair.now, { label: 'other' })
    pour(pair, sender, 200, 3)
    pair.run(300)
    const sentAt = pair.now
    pair.client.channels.send(pair.now, other, text('now'), true)
    pair.runUntil(() => pair.server.texts.includes('now'))
    expect(pair.now - sentAt).toBeLessThan(300)
    expect(pair.server.partBytes).toBeLessThan(200 * limit)
  })

  test('that stays small, or empty, arrives whole', () => {
    const { pair, sender } = connected()
    for (const word of ['some words', '']) {
      const writer = pair.client.channels.openMessage(pair.now, sender, true)
      for (const letter of word) writer.write(pair.now, text(letter))
      writer.end(pair.now)
    }
    pair.run(1_000)
    expect(pair.server.texts).toEqual(['some words', ''])
    expect(sender.bufferedAmount).toBe(0)
  })

  test('waits while the receiver does not read, and memory stays bounded at both ends', () => {
    const { pair, sender, receiver } = connected()
    const watched = watch(pair.server, 5)
    pair.server.channels.pause(receiver)
    pour(pair, sender, 100, 5)
    pair.run(30_000)
    expect(pair.server.partBytes).toBe(0)
    expect(pair.server.channels.association.receiveBuffered).toBeLessThan(1.3 * window)
    expect(sender.bufferedAmount).toBeLessThan(6 * limit)
    pair.server.channels.resume(pair.now, receiver)
    pair.runUntil(() => watched.isEnded())
    expect([pair.server.partBytes, watched.isRight()]).toEqual([100 * limit, true])
  })

  test('that the peer never ends costs its receiver nothing', () => {
    const { pair, sender } = connected()
    const writer = pair.client.channels.openMessage(pair.now, sender, false)
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 10; j++) writer.write(pair.now, pattern(limit, j))
      pair.run(5_000)
    }
    expect(pair.server.partBytes).toBeGreaterThan(199 * limit)
    expect(pair.server.channels.association.receiveBuffered).toBeLessThan(limit)
    expect(pair.server.channels.state).toBe('established')
  })

  test('is refused by a receiver that takes no parts: the association ends', () => {
    const { pair, sender } = connected({ server: { ...inParts, deliverParts: false } })
    const writer = pair.client.channels.openMessage(pair.now, sender, false)
    for (let i = 0; i < 3; i++) writer.write(pair.now, pattern(limit, i))
    pair.run(5_000)
    expect(pair.server.closed[0]?.code).toBe('peer-misbehaved')
    expect(pair.client.closed[0]?.code).toBe('aborted-by-peer')
  })
})

describe('a message that breaks off', () => {
  test('is told of, skipped, and what follows it arrives', () => {
    const { pair, sender } = connected()
    const { channels } = pair.client
    const writer = channels.openMessage(pair.now, sender, false)
    for (let i = 0; i < 3; i++) writer.write(pair.now, pattern(limit, i))
    channels.send(pair.now, sender, text('after'), true)
    pair.run(1_000)
    writer.abort(pair.now)
    pair.runUntil(() => pair.server.messages.length === 1)
    expect(pair.server.events).toContain('broken x')
    expect(pair.server.texts).toEqual(['after'])
    expect([sender.bufferedAmount, pair.server.channels.association.receiveBuffered]).toEqual([0, 0])
    expect(() => writer.write(pair.now, text('more'))).toThrow(
      expect.objectContaining({ code: 'message-ended' }),
    )
  })

  test('before any of it was handed up is not told of', () => {
    const { pair, sender } = connected()
    const writer = pair.client.channels.openMessage(pair.now, sender, false)
    writer.write(pair.now, pattern(20_000))
    pair.run(1_000)
    writer.abort(pair.now)
    pair.client.channels.send(pair.now, sender, text('after'), true)
    pair.run(1_000)
    expect(pair.server.texts).toEqual(['after'])
    expect(pair.server.events).not.toContain('broken x')
    expect(pair.server.channels.association.receiveBuffered).toBe(0)
  })

  test('because its channel is closed', () => {
    const { pair, sender } = connected()
    const writer = pair.client.channels.openMessage(pair.now, sender, false)
    for (let i = 0; i < 3; i++) writer.write(pair.now, pattern(limit, i))
    pair.run(1_000)
    pair.client.channels.close(pair.now, sender)
    pair.run(1_000)
    expect(sender.readyState).toBe('closed')
    expect(pair.server.events).toEqual(['incoming x', 'broken x', 'closing x', 'closed x'])
    expect(pair.server.channels.association.receiveBuffered).toBe(0)
  })

  test('because the association shuts down, which does not wait for it', () => {
    const { pair, sender } = connected()
    const writer = pair.client.channels.openMessage(pair.now, sender, false)
    writer.write(pair.now, pattern(limit))
    pair.client.channels.shutdown(pair.now)
    pair.run(5_000)
    expect(pair.client.closed[0]?.code).toBe('shutdown')
    expect(() => writer.end(pair.now)).toThrow(expect.objectContaining({ code: 'closed' }))
  })
})

describe('a message cannot be streamed', () => {
  test.each<[string, ChannelsPairOptions, DataChannelOptions, string]>([
    ['to a peer that does not interleave', { server: { interleaving: false } }, {}, 'cannot-stream'],
    ['on a channel that may give it up', {}, { maxRetransmits: 3 }, 'invalid-channel'],
  ])('%s', (_name, options, channel, code) => {
    const { pair, sender } = connected(options, channel)
    expect(() => pair.client.channels.openMessage(pair.now, sender, false)).toThrow(
      expect.objectContaining({ code }),
    )
    pair.client.channels.send(pair.now, sender, text('whole'), true)
    pair.run(1_000)
    expect(pair.server.texts).toEqual(['whole'])
  })

  test('beyond what the peer takes, or what may be queued', () => {
    const { pair, sender } = connected({ client: { ...inParts, remoteMaxMessageSize: 1_000 } })
    const writer = pair.client.channels.openMessage(pair.now, sender, false)
    writer.write(pair.now, pattern(900))
    const tooMuch = (): void => writer.write(pair.now, pattern(101))
    expect(tooMuch).toThrow(expect.objectContaining({ code: 'message-too-large' }))
    const { pair: other, sender: fast } = connected({ client: { ...inParts, sendBufferSize: 100_000 } })
    const full = other.client.channels.openMessage(other.now, fast, false)
    const flood = (): void => {
      for (let i = 0; i < 10; i++) full.write(other.now, pattern(50_000))
    }
    expect(flood).toThrow(expect.objectContaining({ code: 'send-buffer-full' }))
  })
})
