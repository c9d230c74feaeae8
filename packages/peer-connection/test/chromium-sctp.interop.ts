import { existsSync } from 'node:fs'

import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { type Browser, chromium, type Page } from 'playwright-core'

import { type RTCConfiguration, type RTCDataChannel, RTCPeerConnection } from '../src/index.ts'

/*
 * What Chromium has only behind switches: SCTP without a handshake (draft-hancke-tsvwg-snap) and interleaved messages
 * (RFC 8260). The page has nothing but a connection that returns what it receives.
 */
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isAbsent = !existsSync(executablePath)
if (isAbsent && process.env['CI'] === 'true') throw new Error(`${executablePath} is missing`)
const describeHere = isAbsent ? describe.skip : describe

interface Link {
  readonly ours: RTCPeerConnection
  readonly channel: RTCDataChannel
  /** Of Chromium. */
  readonly answer: string
}

describeHere(`Chromium (skipped where ${executablePath} is absent)`, () => {
  let browser: Browser | undefined
  let link: Link | undefined

  afterEach(async () => {
    link?.ours.close()
    await browser?.close()
  })
  afterAll(() => browser?.close())

  async function open(flags: readonly string[], configuration: RTCConfiguration): Promise<Link> {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-features=WebRtcHideLocalIpsWithMdns', ...flags],
    })
    const page = await browser.newPage()
    link = await connect(page, configuration)
    return link
  }

  test('skips the handshake with us, and data flows both ways', async () => {
    const { ours, channel, answer } = await open(['--enable-blink-features=WebRtcSctpSnap'], {
      sctpSnap: true,
    })
    expect(ours.localDescription?.sdp).toMatch(/^a=sctp-init:/m)
    expect(answer).toMatch(/^a=sctp-init:/m)
    for (const size of [1, 1_000, 65_536, 262_144]) expect(await echo(channel, size)).toBe(size)
  })

  test('is not thrown by the attribute where it has no such switch', async () => {
    const { channel } = await open([], { sctpSnap: true })
    expect(await echo(channel, 65_536)).toBe(65_536)
  })

  test('interleaves messages: a small one overtakes a large one', async () => {
    const trial = '--force-fieldtrials=WebRTC-DataChannelMessageInterleaving/Enabled/'
    const { ours, channel } = await open([trial], {})
    expect(ours.transportStatistics?.sctp?.isInterleaving).toBe(true)
    for (const size of [1, 1_000, 65_536, 262_144]) expect(await echo(channel, size)).toBe(size)
    const other = ours.createDataChannel('small', { priority: 'high' })
    other.binaryType = 'arraybuffer'
    await new Promise((resolve) => (other.onopen = resolve))
    const order: number[] = []
    const both = new Promise<void>((resolve) => {
      const heard = ({ data }: MessageEvent): void => {
        if (order.push((data as ArrayBuffer).byteLength) === 9) resolve()
      }
      channel.onmessage = heard
      other.onmessage = heard
    })
    for (let i = 0; i < 8; i++) channel.send(new Uint8Array(262_144))
    other.send(new Uint8Array(10))
    await both
    expect(order.indexOf(10)).toBeLessThan(8)
  })

  test('without that switch gets messages one after the other', async () => {
    const { ours, channel } = await open([], {})
    expect(ours.transportStatistics?.sctp?.isInterleaving).toBe(false)
    expect(await echo(channel, 65_536)).toBe(65_536)
  })
})

/** Sends so many bytes and resolves with the size of what comes back. */
function echo(channel: RTCDataChannel, size: number): Promise<number> {
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => resolve((data as ArrayBuffer).byteLength)
    channel.send(new Uint8Array(size))
  })
}

async function connect(page: Page, configuration: RTCConfiguration): Promise<Link> {
  const ours = new RTCPeerConnection(configuration)
  await page.exposeFunction(
    'toUs',
    (candidate: string) => void ours.addIceCandidate(JSON.parse(candidate) as never),
  )
  const channel = ours.createDataChannel('echo')
  channel.binaryType = 'arraybuffer'
  const opened = new Promise((resolve) => (channel.onopen = resolve))
  const gathered: string[] = []
  let isReady = false
  const give = (candidate: string): void => void page.evaluate(`window.take(${candidate})`)
  ours.onicecandidate = ({ candidate }) => {
    if (candidate === null) return
    const text = JSON.stringify(candidate.toJSON())
    if (isReady) give(text)
    else gathered.push(text)
  }
  await ours.setLocalDescription()
  const offer = JSON.stringify({ type: 'offer', sdp: ours.localDescription?.sdp })
  const answer = await page.evaluate<string>(`(async () => {
    const theirs = new RTCPeerConnection()
    window.take = (candidate) => theirs.addIceCandidate(candidate)
    theirs.onicecandidate = ({ candidate }) => candidate && window.toUs(JSON.stringify(candidate.toJSON()))
    theirs.ondatachannel = ({ channel }) => {
      channel.binaryType = 'arraybuffer'
      channel.onmessage = ({ data }) => channel.send(data)
    }
    await theirs.setRemoteDescription(${offer})
    await theirs.setLocalDescription()
    return theirs.localDescription.sdp
  })()`)
  await ours.setRemoteDescription({ type: 'answer', sdp: answer })
  isReady = true
  for (const candidate of gathered) give(candidate)
  await opened
  return { ours, channel, answer }
}
