import { createHash, randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'

import type { RTCDataChannel } from '../../src/index.ts'
import { InteropSession, next, type Side } from './interop-session.ts'
import { type Stack, whyNot } from './interop-stacks.ts'

/** What every stack must do with us: the same tests for all of them. */
export function describeStack(stack: Stack): void {
  const reason = whyNot(stack)
  const suite = reason === null ? describe : describe.skip
  suite(`${stack.name}${reason === null ? '' : ` (${reason})`}`, () => {
    describe.each(['we', 'they'] as const)('%s offer', (offerer) => {
      describeData(stack, offerer)
      describeFingerprints(stack, offerer)
    })
  })
}

function describeData(stack: Stack, offerer: Side): void {
  let session: InteropSession
  beforeAll(async () => {
    session = await InteropSession.start(stack, { offerer })
    await session.reaches('connected')
  })
  afterAll(() => session.close())

  test('candidates trickle both ways', async () => {
    await session.foreign.reports('state', { state: 'connected' })
    expect(session.descriptions.map(({ type }) => type)).toEqual(['offer', 'answer'])
    for (const { sdp } of session.descriptions) expect(sdp).not.toContain('a=candidate')
    for (const side of ['we', 'they'] as const)
      expect(session.candidates[side]).toContainEqual(expect.stringContaining('typ host'))
  })

  test.each(['we', 'they'] as const)(
    'text and binary of all sizes on a channel that %s open',
    async (opener) => {
      const channel = await open(session, opener, `sizes-${opener}`)
      const sizes = [1, 1_000, 16_384, 65_536]
      if (!stack.faults?.includes('empty messages')) sizes.splice(1, 0, 0)
      if (stack.maxMessageSize > 65_536) sizes.push(262_144)
      const sent = sizes.flatMap((size) => [textOf(size), randomBytes(size)])
      const inbox = new Inbox(channel)
      for (const message of sent) channel.send(message)
      await inbox.until(({ length }) => length === sent.length)
      for (const [index, message] of sent.entries()) expectSame(inbox.messages[index], message)
    },
  )

  test('a message larger than the peer announced is refused here', async () => {
    const channel = await session.weOpen('large')
    expect(() => channel.send(new Uint8Array(stack.maxMessageSize + 1))).toThrow(TypeError)
  })

  const tellers = stack.faults?.includes('announces unordered channels as ordered') ? ['we'] : ['we', 'they']
  test.each(tellers as Side[])('unordered and without retransmission, as %s say', async (opener) => {
    const label = `loose-${opener}`
    const channel = await open(session, opener, label, { ordered: false, maxRetransmits: 0 })
    expect(channel).toMatchObject({ ordered: false, maxRetransmits: 0 })
    if (opener === 'we') {
      const { ordered = false, maxRetransmits = 0 } = await session.foreign.reports('incoming', { label })
      expect({ ordered, maxRetransmits }).toEqual({ ordered: false, maxRetransmits: 0 })
    }
    const sent = Array.from({ length: 20 }, (_, index) => `${index} `.repeat(100))
    const inbox = new Inbox(channel)
    for (const message of sent) channel.send(message)
    await inbox.until(({ length }) => length === sent.length)
    expect([...inbox.messages].sort()).toEqual(sent.sort())
  })

  test('a channel whose id both know', async () => {
    const options = { negotiated: true, id: 100 }
    session.foreign.tell({ do: 'open', label: 'negotiated', options })
    await session.foreign.reports('open', { label: 'negotiated' })
    const channel = await session.weOpen('negotiated', options)
    expect(channel.id).toBe(100)
    const inbox = new Inbox(channel)
    channel.send('no DATA_CHANNEL_OPEN')
    await inbox.until(({ length }) => length === 1)
    expect(inbox.messages).toEqual(['no DATA_CHANNEL_OPEN'])
  })

  test.each([
    ['we', 'we'],
    ['we', 'they'],
    ['they', 'we'],
    ['they', 'they'],
  ] as const)('%s open and %s close: both ends see it', async (opener, closer) => {
    const label = `brief-${opener}-${closer}`
    const channel = await open(session, opener, label)
    const closed = next(channel, 'close')
    if (closer === 'we') channel.close()
    else session.foreign.tell({ do: 'close', label })
    await Promise.all([closed, session.foreign.reports('close', { label })])
    expect(channel.readyState).toBe('closed')
  })

  test('we send 4 MiB', async () => {
    const label = 'file-ours'
    const channel = await session.weOpen(label)
    const file = randomBytes(FILE_SIZE)
    await sendFile(channel, file)
    expect(await session.foreign.reports('file', { label })).toMatchObject({
      bytes: FILE_SIZE,
      messages: FILE_SIZE / MESSAGE_SIZE,
      sha256: sha256(file),
    })
  })

  test('they send 4 MiB', async () => {
    const label = 'file-theirs'
    const channel = await session.theyOpen(label)
    const inbox = new Inbox(channel)
    session.foreign.tell({ do: 'transfer', label, size: FILE_SIZE, messageSize: MESSAGE_SIZE })
    await inbox.until(({ length }) => length === FILE_SIZE / MESSAGE_SIZE)
    const parts = inbox.messages.map((part) => Buffer.from(part as ArrayBuffer))
    const sent = await session.foreign.reports('transferred', { label })
    expect(sha256(Buffer.concat(parts))).toBe(sent.sha256)
  })
}

function describeFingerprints(stack: Stack, offerer: Side): void {
  let session: InteropSession | null = null
  afterEach(async () => {
    await session?.close()
    session = null
  })

  test('their certificate is not the one announced: we refuse it', async () => {
    session = await InteropSession.start(stack, { offerer, forged: 'they' })
    await session.reaches('failed')
    expect(session.ours.transportStatistics?.dtls.state).toBe('failed')
    expect(session.ours.transportStatistics?.dtls.session).toBeNull()
  })

  test('our certificate is not the one announced: they refuse it', async () => {
    session = await InteropSession.start(stack, { offerer, forged: 'we' })
    // wrtc says nothing, but sends an alert; others send none, but say that they failed.
    await Promise.race([session.reaches('failed'), session.foreign.reports('state', { state: 'failed' })])
    expect(session.foreign.states).not.toContain('connected')
  })
}

/** What came on a channel. */
class Inbox {
  readonly messages: (string | ArrayBuffer)[] = []
  readonly #channel: RTCDataChannel

  constructor(channel: RTCDataChannel) {
    this.#channel = channel
    channel.addEventListener('message', ({ data }) => void this.messages.push(data as string | ArrayBuffer))
  }

  async until(isEnough: (messages: readonly (string | ArrayBuffer)[]) => boolean): Promise<void> {
    while (!isEnough(this.messages)) await next(this.#channel, 'message')
  }
}

function open(
  session: InteropSession,
  opener: Side,
  label: string,
  options: { ordered?: boolean; maxRetransmits?: number } = {},
): Promise<RTCDataChannel> {
  return opener === 'we' ? session.weOpen(label, options) : session.theyOpen(label, options)
}

/** No faster than the channel takes it, and `end` after it. */
async function sendFile(channel: RTCDataChannel, file: Uint8Array): Promise<void> {
  channel.bufferedAmountLowThreshold = 65_536
  for (let at = 0; at < file.length; at += MESSAGE_SIZE) {
    if (channel.bufferedAmount > 262_144) await next(channel, 'bufferedamountlow')
    channel.send(file.subarray(at, at + MESSAGE_SIZE))
  }
  channel.send('end')
}

function expectSame(received: string | ArrayBuffer | undefined, sent: string | Uint8Array): void {
  if (typeof sent === 'string') {
    expect(received).toBe(sent)
    return
  }
  expect(received).toBeInstanceOf(ArrayBuffer)
  expect(Buffer.from(received as ArrayBuffer).equals(sent)).toBe(true)
}

/** Of so many bytes in UTF-8, not all of one byte a character. */
function textOf(size: number): string {
  return 'ä'.repeat(size >> 2).padEnd(size - (size >> 2), 'text')
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const FILE_SIZE = 4_194_304
const MESSAGE_SIZE = 16_384
