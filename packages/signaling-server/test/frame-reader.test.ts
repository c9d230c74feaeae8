import { Duplex } from 'node:stream'

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type WebSocket, WebSocketServer } from 'ws'

import { FrameReader } from '../src/node/frame-reader.ts'

/** A socket that is connected to nothing: what it brings is pushed, and what is written to it is kept. */
class LooseSocket extends Duplex {
  readonly written: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.written.push(Buffer.from(chunk))
    done()
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.written.push(Buffer.from(chunk))
    done()
  }
}

interface Heard {
  readonly messages: readonly string[]
  /** What was sent back: pongs, and how it was closed. */
  readonly answers: string
  /** How many messages `ws` was not bothered with. */
  readonly past: number
}

const MAX_LENGTH = 1_000

async function hear(
  chunks: readonly Buffer[],
  withReader: boolean,
  head: Buffer = Buffer.alloc(0),
): Promise<Heard> {
  const stream = new LooseSocket()
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_LENGTH, perMessageDeflate: false })
  const messages: string[] = []
  let past = 0
  const headers = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  }
  const reader = withReader ? new FrameReader(stream, head, MAX_LENGTH) : undefined
  const request = { method: 'GET', headers, url: '/', socket: stream }
  const open = (opened: WebSocket): void => {
    opened.on('error', () => {})
    opened.on('message', (data: Buffer, isBinary) => {
      if (opened.readyState === opened.OPEN) messages.push(isBinary ? data.toString('hex') : data.toString())
    })
    reader?.attach(opened, (text) => {
      past++
      messages.push(text)
    })
  }
  const socket = await new Promise<WebSocket>((resolve) =>
    server.handleUpgrade(
      request as never,
      reader ?? stream,
      reader === undefined ? head : Buffer.alloc(0),
      (opened) => {
        open(opened)
        resolve(opened)
      },
    ),
  )
  stream.written.length = 0
  // Each piece comes in a turn of its own, as from the network.
  for (const chunk of chunks) {
    await new Promise((resolve) => setImmediate(resolve))
    if (!stream.destroyed) stream.push(Buffer.from(chunk))
  }
  await new Promise((resolve) => setImmediate(resolve))
  const answers = Buffer.concat(stream.written).toString('hex')
  socket.terminate()
  return { messages, answers, past }
}

/** A frame of a client: RFC 6455 §5.2. */
function frame(
  first: number,
  payload: Uint8Array,
  mask: readonly number[] = [1, 2, 3, 4],
  masked = 0x80,
): Buffer {
  const { length } = payload
  const head =
    length < 126
      ? [first, masked | length]
      : length < 65_536
        ? [first, masked | 126, length >> 8, length & 0xff]
        : [first, masked | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff]
  if (masked === 0) return Buffer.from([...head, ...payload])
  return Buffer.from([...head, ...mask, ...payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))])
}

const text = (content: string): Buffer => frame(0x81, Buffer.from(content))

describe('frames that are read before ws', () => {
  test('whole ones of ASCII, several in one piece, of either length, empty ones too', async () => {
    const long = 'y'.repeat(500)
    const { messages, past } = await hear([Buffer.concat([text('one'), text(''), text(long)])], true)
    expect(messages).toEqual(['one', '', long])
    expect(past).toBe(3)
  })

  test('one that is cut in its middle is left to ws, and the one after it is not', async () => {
    const whole = Buffer.concat([text('one'), text('two')])
    const { messages, past } = await hear([whole.subarray(0, 5), whole.subarray(5), text('three')], true)
    expect(messages).toEqual(['one', 'two', 'three'])
    expect(past).toBe(1)
  })

  test('what came along with the request is left to ws, also where it ends in the middle of a frame', async () => {
    const whole = Buffer.concat([text('one'), text('two')])
    const { messages, past } = await hear([whole.subarray(14), text('three')], true, whole.subarray(0, 14))
    expect(messages).toEqual(['one', 'two', 'three'])
    expect(past).toBe(1)
  })

  test('none between the pieces of a fragmented message, which ws fails', async () => {
    const chunks = [frame(0x01, Buffer.from('a')), text('no'), frame(0x80, Buffer.from('b')), text('late')]
    expect(await hear(chunks, true)).toEqual({ ...(await hear(chunks, false)), past: 0 })
    expect((await hear(chunks, true)).messages).toEqual([])
  })

  test('none behind what ws closes the connection for', async () => {
    for (const bad of [
      frame(0xf1, Buffer.from('x')),
      frame(0x81, Buffer.from('x'), [], 0),
      frame(0x88, Buffer.from([3, 232])),
    ]) {
      const { messages, answers } = await hear([Buffer.concat([bad, text('no')]), text('late')], true)
      expect(messages).toEqual([])
      // A close frame.
      expect(answers.startsWith('88')).toBe(true)
    }
  })

  test('text beyond ASCII is left to ws as it was', async () => {
    const { messages, past } = await hear([text('für'), text('plain')], true)
    expect(messages).toEqual(['für', 'plain'])
    expect(past).toBe(1)
  })

  test('what looks like a frame inside of one that was cut is none', async () => {
    const outer = frame(
      0x81,
      Buffer.concat([Buffer.from('ab'), frame(0x81, Buffer.from('no'), [0, 0, 0, 0])]),
      [0, 0, 0, 0],
    )
    const pieces = [outer.subarray(0, 8), outer.subarray(8)]
    expect((await hear(pieces, true)).past).toBe(0)
  })

  test('text that is no UTF-8, or too long, is refused by ws', async () => {
    const { answers } = await hear([frame(0x81, Uint8Array.of(0xc3, 0x28))], true)
    expect(answers.slice(4, 8)).toBe((1_007).toString(16).padStart(4, '0'))
    const tooLong = await hear([text('z'.repeat(MAX_LENGTH + 1))], true)
    expect(tooLong.answers.slice(4, 8)).toBe((1_009).toString(16).padStart(4, '0'))
  })

  test('whatever comes in whichever pieces, it is heard as by ws alone', async () => {
    const mask = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 })
    const first = fc.oneof(
      { weight: 6, arbitrary: fc.constant(0x81) },
      { weight: 3, arbitrary: fc.constantFrom(0x82, 0x01, 0x00, 0x80, 0x89, 0x8a) },
      { weight: 1, arbitrary: fc.nat(255) },
    )
    const payload = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.string({ maxLength: 200, unit: 'grapheme' }).map((content) => Buffer.from(content)),
      },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(125, 126, 127, 1_000, 1_001).map((length) => Buffer.alloc(length, 97)),
      },
    )
    const masked = fc.constantFrom(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0)
    const frames = fc.array(fc.tuple(first, payload, mask, masked), { maxLength: 12 })
    const cuts = fc.array(fc.nat(400), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(frames, cuts, fc.boolean(), async (list, sizes, hasHead) => {
        const bytes = Buffer.concat(list.map((parts) => frame(...parts)))
        const chunks: Buffer[] = []
        let at = 0
        for (const size of sizes) if (at < bytes.length) chunks.push(bytes.subarray(at, (at += size + 1)))
        chunks.push(bytes.subarray(at))
        const head = hasHead ? chunks.shift() : undefined
        const one = await hear(chunks, true, head)
        const other = await hear(chunks, false, head)
        expect({ ...one, past: 0 }).toEqual(other)
      }),
      { numRuns: 300 },
    )
  })
})
