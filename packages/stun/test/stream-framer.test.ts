import { describe, expect, test } from '@jest/globals'
import { concatBytes, toHex } from '@purertc/bytes'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import {
  Data,
  isStunDatagram,
  Software,
  StreamFramer,
  type StreamFramerOptions,
  StunMessage,
} from '../src/index.ts'
import { request } from './pair.ts'

const message = request().add(Software, 'PureRTC').finish()
const channelData = Uint8Array.of(0x40, 0x01, 0x00, 0x05, 1, 2, 3, 4, 5)
const padded = concatBytes(channelData, new Uint8Array(3))

describe('a stream of STUN messages', () => {
  test('is cut where each message ends', () => {
    const { framer, frames } = reading()
    expect(framer.push(concatBytes(message, message, message.subarray(0, 10)))).toBeNull()
    expect(frames).toEqual([toHex(message), toHex(message)])
    expect(framer.pending).toBe(10)
    expect(framer.push(message.subarray(10))).toBeNull()
    expect(frames).toHaveLength(3)
    expect(framer.pending).toBe(0)
  })

  test('RFC 8656 §12.5: ChannelData is padded to four bytes, and handed out without them', () => {
    const { framer, frames } = reading({ channelData: true })
    const empty = Uint8Array.of(0x4f, 0xff, 0, 0)
    expect(framer.push(concatBytes(padded, message, empty, padded))).toBeNull()
    expect(frames).toEqual([channelData, message, empty, channelData].map((bytes) => toHex(bytes)))
  })

  test('RFC 5766 §11: channels from 0x5000 on are frames for those who ask for them, and faults else', () => {
    const legacy = Uint8Array.of(0x7f, 0xfe, 0, 4, 1, 2, 3, 4)
    const lenient = reading({ channelData: 'legacy' })
    expect(lenient.framer.push(legacy)).toBeNull()
    expect(lenient.frames).toEqual([toHex(legacy)])
    expect(reading({ channelData: true }).framer.push(legacy)).toBe('not-a-frame')
    expect(reading({ channelData: 'legacy' }).framer.push(Uint8Array.of(0x80))).toBe('not-a-frame')
  })

  test('comes out the same however it is cut into chunks', () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((data) => request().add(Data, data).build()),
      fc
        .tuple(fc.integer({ min: 0x4000, max: 0x4fff }), fc.uint8Array({ maxLength: 60 }))
        .map(([channel, data]) => concatBytes(Uint8Array.of(channel >>> 8, channel, 0, data.length), data)),
    )
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 50 })), (sent, cuts) => {
        const stream = concatBytes(
          ...sent.map((bytes) => concatBytes(bytes, new Uint8Array(-bytes.length & 3))),
        )
        const { framer, frames } = reading({ channelData: true })
        let at = 0
        for (const cut of [...cuts, stream.length]) {
          expect(framer.push(stream.slice(at, at + cut))).toBeNull()
          at = Math.min(stream.length, at + cut)
        }
        expect(frames).toEqual(sent.map((bytes) => toHex(bytes)))
        expect(framer.pending).toBe(0)
      }),
    )
  })

  test('hands out frames in place where a chunk holds them whole', () => {
    const chunk = concatBytes(message, message)
    const buffers: ArrayBufferLike[] = []
    new StreamFramer((bytes) => buffers.push(bytes.buffer)).push(chunk)
    expect(buffers).toEqual([chunk.buffer, chunk.buffer])
    expect(buffers[0]).toBe(chunk.buffer)
  })

  test('stops at once where a frame makes its reader close the connection', () => {
    let frames = 0
    const framer = new StreamFramer(() => {
      frames++
      framer.close()
    })
    framer.push(concatBytes(message, message))
    framer.push(message)
    expect(frames).toBe(1)
    expect(framer.pending).toBe(0)
  })
})

describe('a hostile stream', () => {
  test.each([
    ['an HTTP request', new TextEncoder().encode('GET / HTTP/1.1\r\n'), {}],
    ['a TLS ClientHello', Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01), {}],
    ['ChannelData where there is none', padded, {}],
    ['a reserved channel number', Uint8Array.of(0x50, 0, 0, 0), { channelData: true }],
    ['RTP', Uint8Array.of(0x80, 0, 0, 0), { channelData: true }],
    ['a length that is no multiple of four', Uint8Array.of(0, 1, 0, 2), {}],
    ['a wrong magic cookie', Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43), {}],
  ])('%s is no frame: nothing after it is read', (_case, bytes, options) => {
    for (const chunkSize of [1, bytes.length]) {
      const { framer, frames } = reading(options)
      let fault: string | null = null
      for (let at = 0; at < bytes.length; at += chunkSize)
        fault = framer.push(bytes.slice(at, at + chunkSize))
      expect(fault).toBe('not-a-frame')
      expect(framer.push(message)).toBe('not-a-frame')
      expect(frames).toEqual([])
      expect(framer.pending).toBe(0)
    }
  })

  test('what a frame read before is handed out, then the fault is told', () => {
    const { framer, frames } = reading()
    expect(framer.push(concatBytes(message, Uint8Array.of(0xff)))).toBe('not-a-frame')
    expect(frames).toHaveLength(1)
  })

  test('a frame beyond the limit is refused as soon as its length is read', () => {
    const { framer, frames } = reading({ maxFrame: message.length })
    expect(framer.push(message)).toBeNull()
    expect(framer.push(request().add(Data, new Uint8Array(100)).build().subarray(0, 4))).toBe('too-large')
    expect(frames).toHaveLength(1)
    const channels = reading({ maxFrame: 100, channelData: true })
    expect(channels.framer.push(Uint8Array.of(0x40, 0, 0, 97))).toBe('too-large')
    expect(
      reading({ maxFrame: 100, channelData: true }).framer.push(Uint8Array.of(0x40, 0, 0, 96)),
    ).toBeNull()
  })

  test('10,000 random streams: every frame has a form, nothing is held beyond the limit', () => {
    const random = new Random(8489)
    let seen = 0
    let formless = 0
    let mostHeld = 0
    const options = { maxFrame: 200, channelData: true }
    for (let i = 0; i < 10_000; i++) {
      const stream = concatBytes(message, padded, message)
      for (let flips = random.int(4); flips > 0; flips--)
        stream[random.int(stream.length)]! ^= 1 << random.int(8)
      const framer = new StreamFramer((bytes) => {
        seen++
        if (!isStunDatagram(bytes) && bytes.length !== 4 + ((bytes[2]! << 8) | bytes[3]!)) formless++
        StunMessage.decode(bytes)
      }, options)
      for (let at = 0; at < stream.length;) {
        const end = at + 1 + random.int(40)
        framer.push(stream.slice(at, end))
        at = end
        mostHeld = Math.max(mostHeld, framer.pending)
      }
    }
    expect(formless).toBe(0)
    expect(mostHeld).toBeLessThan(200)
    expect(seen).toBeGreaterThan(10_000)
  })
})

function reading(options: StreamFramerOptions = {}): { framer: StreamFramer; frames: string[] } {
  const frames: string[] = []
  return { framer: new StreamFramer((bytes) => frames.push(toHex(bytes)), options), frames }
}
