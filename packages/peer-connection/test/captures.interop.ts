/**
 * What other stacks put into SCTP packets: a conversation with each in which every kind of chunk comes up. With
 * `PURERTC_CAPTURES` the packets are written to that folder, from where they have got into packages/sctp/test/vectors.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from '@jest/globals'
import { toHex } from '@purertc/bytes'

import type { RTCDataChannel, RTCDataChannelEvent } from '../src/index.ts'
import { InteropSession, next } from './support/interop-session.ts'
import {
  aiortc,
  chromium,
  chromiumInterleaving,
  firefox,
  firefoxUsrsctp,
  nodeDatachannel,
  pion,
  whyNot,
  wrtc,
} from './support/interop-stacks.ts'
import { chunkTypesOf, SctpTap } from './support/sctp-tap.ts'

const folder = process.env['PURERTC_CAPTURES']

const chunk = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeatAck: 5,
  cookieEcho: 10,
  cookieAck: 11,
} as const
const iData = 64
const reConfig = 130
const forwardTsn = 192
const iForwardTsn = 194

describe.each([wrtc, nodeDatachannel, aiortc, pion, chromium, chromiumInterleaving, firefox, firefoxUsrsctp])(
  'what $name sends',
  (stack) => {
    const reason = whyNot(stack)
    let tap: SctpTap
    let session: InteropSession | null = null
    afterEach(async () => {
      tap.close()
      await session?.close()
      session = null
    })

    ;(reason === null ? test : test.skip)(`has every kind of chunk (${reason ?? 'they offer'})`, async () => {
      tap = new SctpTap()
      session = await InteropSession.start(stack, { offerer: 'they' })
      const { channel: first } = await next<RTCDataChannelEvent>(session.ours, 'datachannel')
      await session.theyOpen('talk')
      for (const message of ['text', new Uint8Array(2_500).fill(7), '']) await echo(first, message)

      // What is lost on a channel that sends nothing twice is given up.
      const loose = await session.theyOpen('loose', { ordered: false, maxRetransmits: 0 })
      await echo(loose, 'before')
      tap.loses = [chunk.data, iData]
      loose.send('lost')
      await tap.until(forwardTsn, iForwardTsn)
      tap.loses = []
      await echo(loose, 'after')

      // Either side closes.
      const closed = next(loose, 'close')
      session.foreign.tell({ do: 'close', label: 'loose' })
      await closed
      // It comes after half a minute, which tests do not wait for.
      if (folder !== undefined) await tap.until(chunk.heartbeatAck)
      first.close()
      await next(first, 'close')
      const ended = next(session.ours, 'connectionstatechange')
      session.foreign.tell({ do: 'end' })
      await ended

      const kinds = new Set(tap.packets.flatMap(({ bytes }) => chunkTypesOf(bytes)))
      expect([...kinds]).toEqual(expect.arrayContaining([chunk.sack, reConfig]))
      expect(kinds.has(chunk.init) || kinds.has(chunk.initAck)).toBe(true)
      expect(kinds.has(chunk.data) ? kinds.has(forwardTsn) : kinds.has(iData) && kinds.has(iForwardTsn)).toBe(
        true,
      )
      if (folder !== undefined) {
        const packets = tap.packets.map(({ bytes, isLost }) => (isLost ? 'lost ' : '') + toHex(bytes))
        const file = join(folder, `${stack.name.replace(/\W+/g, '-').replace(/^-/, '').toLowerCase()}.json`)
        writeFileSync(file, JSON.stringify({ stack: stack.name, version: '', packets }, null, 2))
      }
    })
  },
)

/** Sends, and waits for the same to come back. */
async function echo(channel: RTCDataChannel, message: string | Uint8Array): Promise<void> {
  const back = next<MessageEvent>(channel, 'message')
  channel.send(message)
  const { data } = await back
  const [sent, received] = [message, data as string | ArrayBuffer].map((either) =>
    typeof either === 'string' ? either.length : either.byteLength,
  )
  expect(received).toBe(sent)
}
