/**
 * Interop at size. `PURERTC_INTEROP_BYTES` sets how much is sent in one go, 32 MiB by default: with 1073741824 it is a
 * gibibyte. `PURERTC_INTEROP_STACKS` names those that are asked, by default all.
 */
import { createHash, randomBytes } from 'node:crypto'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { RTCDataChannel } from '../src/index.ts'
import { InteropSession, next } from './support/interop-session.ts'
import {
  aiortc,
  chromium,
  firefox,
  firefoxUsrsctp,
  nodeDatachannel,
  pion,
  type Stack,
  whyNot,
  wrtc,
} from './support/interop-stacks.ts'

const size = Number(process.env['PURERTC_INTEROP_BYTES'] ?? 32 * 1_048_576)
const messageSize = 65_536
const channelCount = 500
/** Milliseconds. All of it is work, the slowest stack's mostly: at least 200 kilobytes a second. */
const patience = 60_000 + size / 200

describe.each(chosen())('with $name', (stack: Stack) => {
  const reason = whyNot(stack)
  const suite = reason === null ? describe : describe.skip
  suite(reason ?? 'at size', () => {
    let session: InteropSession
    beforeAll(async () => {
      session = await InteropSession.start(stack, { offerer: 'we' })
      await session.reaches('connected')
    })
    afterAll(() => session.close())

    test(
      `we send ${size} bytes in one go`,
      async () => {
        const label = 'file-ours'
        const channel = await session.weOpen(label)
        const hash = createHash('sha256')
        const writer = channel.writable.getWriter()
        const message = randomBytes(messageSize)
        for (let sent = 0; sent < size; sent += messageSize) {
          // No two messages are alike.
          message.writeDoubleBE(sent, 0)
          hash.update(message)
          await writer.write(message)
        }
        await writer.write('end')
        expect(await session.foreign.reports('file', { label }, patience)).toMatchObject({
          bytes: size,
          messages: size / messageSize,
          sha256: hash.digest('hex'),
        })
      },
      patience,
    )

    test(
      `they send ${size} bytes in one go`,
      async () => {
        const label = 'file-theirs'
        const channel = await session.theyOpen(label)
        const reader = channel.readable.getReader()
        session.foreign.tell({ do: 'transfer', label, size, messageSize })
        const hash = createHash('sha256')
        let bytes = 0
        while (bytes < size) {
          const { value } = await reader.read()
          if (!(value instanceof Uint8Array)) throw new Error('the channel ended early')
          hash.update(value)
          bytes += value.length
        }
        const sent = await session.foreign.reports('transferred', { label }, patience)
        expect(hash.digest('hex')).toBe(sent.sha256)
      },
      patience,
    )

    test(
      `${channelCount} channels at once, each with messages of 1 byte to 256 KiB and empty ones`,
      () => exchange(session, stack),
      180_000,
    )
  })
})

async function exchange(session: InteropSession, stack: Stack): Promise<void> {
  const channels: RTCDataChannel[] = []
  const { accepts = channelCount } = stack
  while (channels.length < channelCount) {
    const count = Math.min(accepts, channelCount - channels.length)
    const more = Array.from({ length: count }, (_, i) =>
      session.ours.createDataChannel(`channel ${channels.length + i}`),
    )
    await Promise.all(more.map((channel) => isOpen(session, channel)))
    channels.push(...more)
  }
  const echoed = await Promise.all(channels.map((channel, i) => echo(channel, messagesOf(i, stack))))
  for (const [i, messages] of echoed.entries()) expect(messages).toEqual(messagesOf(i, stack).map(toHash))
  for (const channel of channels) channel.close()
  await Promise.all(
    channels.map(async (channel) => channel.readyState === 'closed' || (await next(channel, 'close'))),
  )
}

function chosen(): Stack[] {
  const all = [wrtc, nodeDatachannel, aiortc, pion, chromium, firefox, firefoxUsrsctp]
  const names = process.env['PURERTC_INTEROP_STACKS']?.split(',')
  return names === undefined ? all : all.filter(({ name }) => names.includes(name))
}

/** At both ends: wrtc may hand out what comes before it has told of the channel in another order. */
async function isOpen(session: InteropSession, channel: RTCDataChannel): Promise<void> {
  if (channel.readyState !== 'open') await next(channel, 'open')
  await session.foreign.reports('incoming', { label: channel.label })
}

/** Mostly small; a few channels carry the largest that all peers take. */
function messagesOf(channel: number, { maxMessageSize }: Stack): Uint8Array[] {
  const large = [65_536, 262_144].filter((length) => length <= maxMessageSize)
  const sizes = [1, 0, 100 + channel, ...(channel % 100 === 0 ? large : [])]
  return sizes.map((length) => new Uint8Array(length).fill(channel))
}

/** What the peer sends back for each message. */
async function echo(channel: RTCDataChannel, messages: readonly Uint8Array[]): Promise<string[]> {
  const received: string[] = []
  const done = new Promise<void>((resolve) => {
    channel.addEventListener('message', ({ data }) => {
      received.push(toHash(new Uint8Array(data as ArrayBuffer)))
      if (received.length === messages.length) resolve()
    })
  })
  for (const message of messages) channel.send(message)
  await done
  return received
}

function toHash(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`
}
