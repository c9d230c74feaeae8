import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from '@jest/globals'
import { concatBytes, DecodeError } from '@purertc/bytes'
import { type TransportAddress, transportAddress } from '@purertc/stun'
import fc from 'fast-check'

import { BatchBuffers } from '../src/node/batch-buffers.ts'
import { readSiblingFrames, SiblingFrames } from '../src/node/processes/sibling-frames.ts'
import { Siblings } from '../src/node/processes/siblings.ts'
import { WriteBatch } from '../src/node/write-batch.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('frames', () => {
  const address = fc
    .oneof(fc.ipV4(), fc.constantFrom('::1', '2001:db8::5'))
    .chain((ip) => fc.integer({ min: 1, max: 0xffff }).map((port) => transportAddress(ip, port)))
  const u32 = fc.nat(0xffff_ffff)
  const data = fc.uint8Array({ maxLength: 2_000 })
  const frame = fc.oneof(
    fc.tuple(fc.constant('relayed' as const), u32, u32, data),
    fc.tuple(fc.constant('opened' as const), u32, address),
    fc.tuple(fc.constant('closed' as const), u32),
    fc.tuple(fc.constant('datagram' as const), fc.constant('udp 0.0.0.0 3478'), address, data),
  )

  test('what is written is read, wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), fc.integer({ min: 1, max: 3_000 }), (frames, size) => {
        const bytes = written((batch) => {
          for (const one of frames) {
            if (one[0] === 'relayed') SiblingFrames.relayed(batch, one[1], one[2], one[3])
            else if (one[0] === 'opened') SiblingFrames.opened(batch, one[1], one[2])
            else if (one[0] === 'closed') SiblingFrames.closed(batch, one[1])
            else SiblingFrames.datagram(batch, one[1], one[2], one[3])
          }
        })
        expect(readInPieces(bytes, size)).toEqual(frames)
      }),
    )
  })

  test('any bytes are read without a crash, or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(readSiblingFrames(Buffer.from(bytes), bytes.length, collector([]))).toBeLessThanOrEqual(
            bytes.length,
          )
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })
})

describe('processes', () => {
  const client = transportAddress('198.51.100.9', 4_000)
  const [toAnn, toBob] = [transportAddress('198.51.100.1', 50_000), transportAddress('198.51.100.1', 60_000)]

  test('what one relay sends to another of them takes the stream, as soon as both are known', async () => {
    const [ann, bob] = await introduced()
    ann.announce(7, toAnn)
    expect(bob.relay(9, toAnn, Uint8Array.of(1))).toBe(false)
    bob.announce(9, toBob)
    const received = new Promise<[number, TransportAddress, Uint8Array]>((done) =>
      ann.start((relay, from, data) => done([relay, from, data.slice()])),
    )
    await until(() => bob.relay(9, toAnn, Uint8Array.of(1, 2, 3)))
    expect(await received).toEqual([7, toBob, Uint8Array.of(1, 2, 3)])
    expect(bob.passed.get('relayed')).toBe(1)
  })

  test('a closed relay’s address is anybody’s again', async () => {
    const [ann, bob] = await introduced()
    ann.announce(7, toAnn)
    bob.announce(9, toBob)
    await until(() => bob.relay(9, toAnn, Uint8Array.of(1)))
    ann.withdraw(7)
    await until(() => !bob.relay(9, toAnn, Uint8Array.of(1)))
    bob.withdraw(9)
    expect(bob.relay(9, toAnn, Uint8Array.of(1))).toBe(false)
  })

  test('one that comes later hears of what there is', async () => {
    const ann = await opened(0)
    ann.announce(7, toAnn)
    const bob = await opened(1)
    bob.announce(9, toBob)
    ann.hear(1, bob.path)
    bob.hear(0, ann.path)
    await until(() => bob.relay(9, toAnn, Uint8Array.of(1)))
  })

  test('one that is gone has no relays any more, and the others are told', async () => {
    const [ann, bob] = await introduced()
    ann.announce(7, toAnn)
    bob.announce(9, toBob)
    await until(() => bob.relay(9, toAnn, Uint8Array.of(1)))
    const gone = new Promise<void>((resolve) => bob.onGone(resolve))
    await ann.close()
    await gone
    expect(bob.relay(9, toAnn, Uint8Array.of(1))).toBe(false)
    bob.handOver(0, 'udp', client, Uint8Array.of(1))
    expect(bob.passed.get('lost')).toBe(1)
  })

  test('a datagram is handed over by the name of its port', async () => {
    const [ann, bob] = await introduced()
    const received = new Promise<[TransportAddress, Uint8Array]>((done) =>
      ann.share('udp 0.0.0.0 3478', (from, bytes) => done([from, bytes.slice()])),
    )
    // It is lost as long as nobody hears.
    await until(() => {
      const before = bob.passed.get('handed-over')
      bob.handOver(0, 'udp 0.0.0.0 3478', client, Uint8Array.of(5))
      return bob.passed.get('handed-over') > before
    })
    bob.handOver(0, 'another', client, Uint8Array.of(6))
    expect(await received).toEqual([client, Uint8Array.of(5)])
  })

  test('what is no frame ends the stream', async () => {
    const path = join(folder(), 'liar')
    const liar = createServer().listen(path)
    cleanUps.push(() => liar.close())
    await once(liar, 'listening')
    const bob = await opened(1)
    const gone = new Promise<void>((resolve) => bob.onGone(resolve))
    const connected = once(liar, 'connection')
    bob.hear(0, path)
    const [socket] = (await connected) as [Socket]
    socket.on('error', () => undefined)
    socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff))
    await gone
  })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'purertc-turn-'))
  cleanUps.push(() => rmSync(path, { recursive: true }))
  return path
}

async function opened(index: number): Promise<Siblings> {
  const siblings = await Siblings.open(index, join(folder(), String(index)))
  cleanUps.push(() => siblings.close())
  return siblings
}

async function introduced(): Promise<[Siblings, Siblings]> {
  const [ann, bob] = [await opened(0), await opened(1)]
  ann.hear(1, bob.path)
  bob.hear(0, ann.path)
  return [ann, bob]
}

/** Looks once in each turn of the event loop. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

type Frame =
  | ['relayed', number, number, Uint8Array]
  | ['opened', number, TransportAddress]
  | ['closed', number]
  | ['datagram', string, TransportAddress, Uint8Array]

function collector(found: Frame[]): Parameters<typeof readSiblingFrames>[2] {
  return {
    relayed: (to, from, data) => found.push(['relayed', to, from, data.slice()]),
    opened: (relay, address) => found.push(['opened', relay, address]),
    closed: (relay) => found.push(['closed', relay]),
    datagram: (port, client, data) => found.push(['datagram', port, client, data.slice()]),
  }
}

/** What is written to a stream. */
function written(write: (batch: WriteBatch) => void): Uint8Array {
  const chunks: Uint8Array[] = []
  const socket = { writableLength: 0, write: (chunk: Uint8Array) => chunks.push(new Uint8Array(chunk)) }
  const batch = new WriteBatch(socket, new BatchBuffers(), Infinity)
  write(batch)
  batch.end()
  return concatBytes(...chunks)
}

/** Reads as a stream hands it out, with what is left over in front of the next piece. */
function readInPieces(bytes: Uint8Array, size: number): Frame[] {
  const found: Frame[] = []
  let rest = new Uint8Array(0)
  for (let at = 0; at < bytes.length; at += size) {
    const piece = concatBytes(rest, bytes.subarray(at, at + size))
    const used = readSiblingFrames(Buffer.from(piece), piece.length, collector(found))
    rest = piece.slice(used)
  }
  expect(rest).toHaveLength(0)
  return found
}
