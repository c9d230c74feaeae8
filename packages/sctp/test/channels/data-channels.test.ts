import { describe, expect, test } from '@jest/globals'

import { ChannelsPair } from '../support/channels-pair.ts'
import { text } from '../support/association-pair.ts'

describe('opening', () => {
  test('a channel opened before the association stands opens with it', () => {
    const pair = new ChannelsPair()
    const channel = pair.client.channels.open(pair.now, { label: 'chat', protocol: 'json' })
    expect(channel.readyState).toBe('connecting')
    pair.connect()
    pair.runUntil(() => pair.server.incoming.length === 1)
    expect(pair.client.events).toEqual(['opened chat'])
    expect(channel.readyState).toBe('open')
    expect(pair.server.incoming[0]).toMatchObject({
      id: channel.id,
      label: 'chat',
      protocol: 'json',
      ordered: true,
      maxRetransmits: undefined,
      maxPacketLifeTime: undefined,
      negotiated: false,
      readyState: 'open',
    })
  })

  test('a channel opened later is open at once', () => {
    const pair = new ChannelsPair().connect()
    const channel = pair.client.channels.open(pair.now, {
      label: 'game',
      ordered: false,
      maxRetransmits: 0,
      priority: 1_024,
    })
    expect(channel.readyState).toBe('open')
    pair.runUntil(() => pair.server.incoming.length === 1)
    expect(pair.client.events).toEqual([])
    expect(pair.server.incoming[0]).toMatchObject({ ordered: false, maxRetransmits: 0, priority: 1_024 })
  })

  test('the client has even ids and the server odd ones', () => {
    const pair = new ChannelsPair().connect()
    const ids = (side: 'client' | 'server'): number[] =>
      ['x', 'y', 'z'].map((label) => pair[side].channels.open(pair.now, { label }).id)
    expect(ids('client')).toEqual([0, 2, 4])
    expect(ids('server')).toEqual([1, 3, 5])
  })

  test('negotiated channels say nothing on the wire', () => {
    const pair = new ChannelsPair().connect()
    const options = { label: 'fixed', negotiated: true, id: 7 }
    const ours = pair.client.channels.open(pair.now, options)
    pair.server.channels.open(pair.now, options)
    pair.client.channels.send(pair.now, ours, text('hello'), true)
    pair.runUntil(() => pair.server.messages.length === 1)
    expect(pair.server.incoming).toEqual([])
    expect(pair.server.texts).toEqual(['hello'])
  })
})

describe('messages', () => {
  test('text, binary and empty ones arrive as what they are', () => {
    const pair = new ChannelsPair().connect()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    pair.client.channels.send(pair.now, channel, text('text'), true)
    pair.client.channels.send(pair.now, channel, text('binary'), false)
    pair.client.channels.send(pair.now, channel, new Uint8Array(0), true)
    pair.client.channels.send(pair.now, channel, new Uint8Array(0), false)
    pair.runUntil(() => pair.server.messages.length === 4)
    expect(pair.server.messages.map(({ data, isText }) => [data.length, isText])).toEqual([
      [4, true],
      [6, false],
      [0, true],
      [0, false],
    ])
  })
})

describe('closing', () => {
  test('sends what is queued, then closes both sides', () => {
    const pair = new ChannelsPair().connect()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    for (let i = 0; i < 5; i++) pair.client.channels.send(pair.now, channel, new Uint8Array(50_000), false)
    pair.client.channels.close(pair.now, channel)
    expect(channel.readyState).toBe('closing')
    pair.runUntil(() => channel.readyState === 'closed')
    pair.run(100)
    expect(pair.server.messages).toHaveLength(5)
    expect(pair.server.events).toEqual(['incoming x', 'closing x', 'closed x'])
    expect(pair.client.events).toEqual(['low x', 'closed x'])
  })

  test('frees the id for another channel', () => {
    const pair = new ChannelsPair().connect()
    for (let round = 0; round < 20; round++) {
      const channel = pair.client.channels.open(pair.now, { label: `round ${round}` })
      expect(channel.id).toBe(0)
      pair.client.channels.send(pair.now, channel, text(`message ${round}`), true)
      pair.client.channels.close(pair.now, channel)
      pair.runUntil(() => channel.readyState === 'closed')
    }
    expect(pair.server.texts).toEqual(Array.from({ length: 20 }, (_, round) => `message ${round}`))
  })
})
