import { describe, expect, test } from '@jest/globals'

import type { RTCDataChannel, RTCDataChannelInit, RTCError } from '../src/index.ts'
import { collect, openChannel } from './support/sim-channel.ts'
import { negotiate, SimWorld } from './support/sim-environment.ts'

const invalidState = expect.objectContaining({ name: 'InvalidStateError' })

describe('the priority of a channel', () => {
  test.each(['very-low', 'low', 'medium', 'high'] as const)('%s is known at both ends', async (priority) => {
    const { channel, remote } = await openChannel({ priority })
    expect([channel.priority, remote.priority]).toEqual([priority, priority])
  })

  test('decides who gets how much of the path, even amid large messages', async () => {
    const { world, alice, bob, channel, remote } = await openChannel({ priority: 'very-low' })
    const important = alice.createDataChannel('important', { priority: 'high' })
    const others: RTCDataChannel[] = []
    bob.ondatachannel = (event) => others.push(event.channel)
    await world.until(() => important.readyState === 'open' && others.length === 1)
    const [low, high] = [remote, others[0]!].map(collect)
    for (let i = 0; i < 40; i++) for (const each of [channel, important]) each.send(new Uint8Array(60_000))
    await world.until(() => high!.length === 40)
    expect(low!.length).toBeLessThan(12)
    await world.until(() => low!.length === 40)
  })

  test('that does not exist is a TypeError', () => {
    const connection = new SimWorld().createConnection()
    const init = { priority: 'urgent' } as unknown as RTCDataChannelInit
    expect(() => connection.createDataChannel('x', init)).toThrow(TypeError)
  })
})

describe('createDataChannel', () => {
  test('has the attributes that it was given, and the W3C defaults', () => {
    const connection = new SimWorld().createConnection()
    expect(connection.createDataChannel('plain')).toMatchObject({
      label: 'plain',
      ordered: true,
      protocol: '',
      negotiated: false,
      priority: 'low',
      id: null,
      maxRetransmits: null,
      maxPacketLifeTime: null,
      readyState: 'connecting',
      bufferedAmount: 0,
      bufferedAmountLowThreshold: 0,
      binaryType: 'arraybuffer',
    })
    const init = { ordered: false, maxRetransmits: 0, protocol: 'x', negotiated: true, id: 7 }
    expect(connection.createDataChannel('', init)).toMatchObject(init)
    // WebRTC §6.1: without `negotiated` an id is ignored.
    expect(connection.createDataChannel('', { id: 9 }).id).toBeNull()
  })

  test.each<[string, string, RTCDataChannelInit]>([
    ['a label of more than 65535 bytes', 'é'.repeat(32_768), {}],
    ['a protocol of more than 65535 bytes', '', { protocol: 'x'.repeat(65_536) }],
    ['both limits of reliability', '', { maxRetransmits: 1, maxPacketLifeTime: 1 }],
    ['negotiated without an id', '', { negotiated: true }],
    ['the id 65535', '', { negotiated: true, id: 65_535 }],
    ['an id out of range', '', { negotiated: true, id: 65_536 }],
    ['a negative number', '', { maxRetransmits: -1 }],
    ['a fraction', '', { maxPacketLifeTime: 0.5 }],
  ])('refuses %s with a TypeError', (_what, label, init) => {
    expect(() => new SimWorld().createConnection().createDataChannel(label, init)).toThrow(TypeError)
  })

  test('refuses an id that is taken', () => {
    const connection = new SimWorld().createConnection()
    connection.createDataChannel('a', { negotiated: true, id: 1 })
    expect(() => connection.createDataChannel('b', { negotiated: true, id: 1 })).toThrow(
      expect.objectContaining({ name: 'OperationError' }),
    )
  })
})

describe('an open channel', () => {
  test('is announced with its attributes, open first and then its messages', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const init = { ordered: false, maxPacketLifeTime: 500, protocol: 'proto' }
    const channel = alice.createDataChannel('announced', init)
    const events: string[] = []
    channel.onopen = () => channel.send('first')
    bob.addEventListener('datachannel', ({ channel: remote }) => {
      events.push(`datachannel ${remote.readyState}`)
      expect(remote).toMatchObject({ label: 'announced', ...init })
      // Listening only after a turn of promises is early enough.
      void Promise.resolve().then(() => {
        remote.onopen = () => events.push('open')
        remote.onmessage = ({ data }) => events.push(String(data))
      })
    })
    await negotiate(alice, bob)
    await world.until(() => events.length === 3)
    expect(events).toEqual(['datachannel open', 'open', 'first'])
    expect(channel.id).not.toBeNull()
  })

  test('carries text, buffers, views and empty messages as they are', async () => {
    const { world, channel, remote } = await openChannel()
    const messages = collect(remote)
    const bytes = Uint8Array.of(1, 2, 3, 4)
    channel.send('grüße 👋')
    channel.send(bytes)
    channel.send(bytes.buffer)
    channel.send(new DataView(bytes.buffer, 1, 2))
    channel.send('')
    channel.send(new ArrayBuffer(0))
    bytes.fill(9)
    await world.until(() => messages.length === 6)
    const buffer = (...content: number[]): ArrayBuffer => Uint8Array.from(content).buffer
    expect(messages).toEqual(['grüße 👋', buffer(1, 2, 3, 4), buffer(1, 2, 3, 4), buffer(2, 3), '', buffer()])
  })

  test('reads Blobs, and keeps what is sent after them behind them', async () => {
    const { world, channel, remote } = await openChannel()
    remote.binaryType = 'blob'
    const messages = collect(remote)
    channel.send(new Blob(['blob']))
    channel.send('text')
    channel.send(Uint8Array.of(5))
    expect(channel.bufferedAmount).toBe(9)
    channel.close()
    await world.until(() => messages.length === 3)
    expect(messages[1]).toBe('text')
    expect(await (messages[0] as Blob).text()).toBe('blob')
    expect(new Uint8Array(await (messages[2] as Blob).arrayBuffer())).toEqual(Uint8Array.of(5))
    await world.until(() => channel.readyState === 'closed')
  })

  test('closes the channel where a Blob cannot be read, for what follows it must not overtake', async () => {
    class Unreadable extends Blob {
      override arrayBuffer(): Promise<ArrayBuffer> {
        return Promise.reject(new DOMException('gone', 'NotReadableError'))
      }
    }
    const { world, channel, remote } = await openChannel()
    const messages = collect(remote)
    const errors: RTCError[] = []
    channel.addEventListener('error', ({ error }) => errors.push(error))
    channel.send('before')
    channel.send(new Unreadable(['gone']))
    channel.send('after')
    await world.until(() => channel.readyState === 'closed' && remote.readyState === 'closed')
    expect(messages).toEqual(['before'])
    expect(errors).toMatchObject([{ errorDetail: 'data-channel-failure' }])
    expect(channel.bufferedAmount).toBe(0)
  })

  test('refuses what it cannot send', async () => {
    const { world, channel } = await openChannel()
    expect(() => channel.send(new Uint8Array(262_145))).toThrow(TypeError)
    expect(() => channel.send(7 as never)).toThrow(TypeError)
    const large = new Uint8Array(262_144)
    expect(() => {
      for (let i = 0; i < 100; i++) channel.send(large)
    }).toThrow(expect.objectContaining({ name: 'OperationError' }))
    expect(channel.bufferedAmount).toBeLessThanOrEqual(16_777_216)
    channel.close()
    expect(() => channel.send('late')).toThrow(invalidState)
    await world.turn()
  })

  test('counts what waits, and says when little does, never within send()', async () => {
    const { world, channel } = await openChannel()
    channel.bufferedAmountLowThreshold = 50_000
    let isSending = false
    let low = 0
    channel.onbufferedamountlow = () => {
      low++
      expect(isSending).toBe(false)
      expect(channel.bufferedAmount).toBeLessThanOrEqual(50_000)
      if (low > 1) return
      isSending = true
      channel.send(new Uint8Array(60_000))
      isSending = false
    }
    isSending = true
    channel.send(new Uint8Array(200_000))
    isSending = false
    expect(channel.bufferedAmount).toBe(200_000)
    await world.until(() => low === 2)
    await world.until(() => channel.bufferedAmount === 0)
    expect(low).toBe(2)
  })

  test('ignores binary types that there are not', async () => {
    const { channel } = await openChannel()
    channel.binaryType = 'nodebuffer' as never
    expect(channel.binaryType).toBe('arraybuffer')
  })

  test('of both ends, negotiated by the application, needs no announcement', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const init = { negotiated: true, id: 3 }
    const [one, other] = [alice.createDataChannel('a', init), bob.createDataChannel('b', init)]
    let announced = 0
    bob.ondatachannel = () => announced++
    await negotiate(alice, bob)
    await world.until(() => one.readyState === 'open' && other.readyState === 'open')
    const messages = collect(other)
    one.send('hello')
    await world.until(() => messages.length === 1)
    expect([messages, announced]).toEqual([['hello'], 0])
  })

  test('may be one of many, opened at any time by either end', async () => {
    const { world, alice, bob } = await openChannel()
    const labels: string[] = []
    for (const peer of [alice, bob])
      peer.ondatachannel = ({ channel }) => {
        labels.push(channel.label)
        expect(channel.id).not.toBeNull()
      }
    for (let i = 0; i < 5; i++) {
      alice.createDataChannel(`a${i}`)
      bob.createDataChannel(`b${i}`)
    }
    await world.until(() => labels.length === 10)
    expect(new Set(labels).size).toBe(10)
  })
})
