/**
 * How long ICE takes on a link of 100 ms a round trip, beside a browser: from when both ends know both descriptions and all
 * candidates to when an end is connected, that is has a pair it can write to. All traffic goes through one emulated path;
 * each end keeps its own time. Needs Chromium and `npm run build`; about 25 s.
 *
 *     node --import tsx packages/peer-connection/bench/browser-ice.ts [rounds]
 */
import { RTCPeerConnection } from '@purertc/peer-connection'

import { type BrowserPage, openChromium } from '../test/support/browser-pages.ts'
import { EmulatedPath } from './emulated-path.ts'
import { type Figures, printTable } from './table.ts'

const ROUND_TRIP = 100

/** Milliseconds from when the candidates were known. */
interface Times {
  readonly connected: number
  readonly channelOpen: number
}

/** One end, here or in the page. Descriptions come with their candidates, and are handed over without. */
interface End {
  offer(): Promise<string>
  answer(offer: string): Promise<string>
  accept(answer: string): Promise<void>
  start(candidates: readonly string[]): Promise<Times>
  close(): Promise<void>
}

class OurEnd implements End {
  readonly #connection = new RTCPeerConnection({ network: { includeLoopback: true } })
  readonly #channel = this.#connection.createDataChannel('bench', { negotiated: true, id: 0 })

  async offer(): Promise<string> {
    return await this.#describe()
  }

  async answer(offer: string): Promise<string> {
    await this.#connection.setRemoteDescription({ type: 'offer', sdp: offer })
    return await this.#describe()
  }

  async accept(answer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer })
  }

  async start(candidates: readonly string[]): Promise<Times> {
    const start = performance.now()
    const connected = new Promise<number>((resolve) => {
      this.#connection.oniceconnectionstatechange = () => {
        if (this.#connection.iceConnectionState === 'connected') resolve(performance.now() - start)
      }
    })
    const channelOpen = new Promise<number>((resolve) => {
      this.#channel.onopen = () => resolve(performance.now() - start)
    })
    for (const candidate of candidates)
      void this.#connection.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 })
    return { connected: await connected, channelOpen: await channelOpen }
  }

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }

  async #describe(): Promise<string> {
    await this.#connection.setLocalDescription()
    if (this.#connection.iceGatheringState !== 'complete')
      await new Promise<void>((resolve) => {
        this.#connection.onicegatheringstatechange = () => {
          if (this.#connection.iceGatheringState === 'complete') resolve()
        }
      })
    return this.#connection.localDescription?.sdp ?? ''
  }
}

class PageEnd implements End {
  readonly #page: BrowserPage
  readonly #name: string

  constructor(page: BrowserPage, name: string) {
    this.#page = page
    this.#name = name
  }

  async offer(): Promise<string> {
    return String(await this.#run(`offer()`))
  }

  async answer(offer: string): Promise<string> {
    return String(await this.#run(`answer(${JSON.stringify(offer)})`))
  }

  async accept(answer: string): Promise<void> {
    await this.#run(`accept(${JSON.stringify(answer)})`)
  }

  async start(candidates: readonly string[]): Promise<Times> {
    return (await this.#run(`start(${JSON.stringify(candidates)})`)) as Times
  }

  async close(): Promise<void> {
    await this.#run('close()')
  }

  #run(call: string): Promise<unknown> {
    return this.#page.evaluate(`(ends[${JSON.stringify(this.#name)}] ??= new End()).${call}`)
  }
}

const pageScript = `
  globalThis.ends = {}
  globalThis.End = class {
    connection = new RTCPeerConnection()
    channel = this.connection.createDataChannel('bench', { negotiated: true, id: 0 })
    offer() { return this.describe() }
    async answer(sdp) { await this.connection.setRemoteDescription({ type: 'offer', sdp }); return this.describe() }
    async accept(sdp) { await this.connection.setRemoteDescription({ type: 'answer', sdp }); return 0 }
    async start(candidates) {
      const start = performance.now()
      const connected = new Promise((resolve) => {
        this.connection.oniceconnectionstatechange = () => {
          const { iceConnectionState } = this.connection
          if (iceConnectionState === 'connected' || iceConnectionState === 'completed') resolve(performance.now() - start)
        }
      })
      const channelOpen = new Promise((resolve) => { this.channel.onopen = () => resolve(performance.now() - start) })
      for (const candidate of candidates)
        void this.connection.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 })
      return { connected: await connected, channelOpen: await channelOpen }
    }
    close() { this.connection.close(); return 0 }
    async describe() {
      await this.connection.setLocalDescription()
      while (this.connection.iceGatheringState !== 'complete')
        await new Promise((resolve) => { this.connection.onicegatheringstatechange = resolve })
      return this.connection.localDescription.sdp
    }
  }
  0
`

async function connect(offerer: End, answerer: End, seed: number): Promise<readonly [Times, Times]> {
  const path = new EmulatedPath({ roundTrip: ROUND_TRIP, loss: 0, rate: 100_000_000, mtu: 1_500 }, seed)
  try {
    const offer = String(await path.rewrite(0, await offerer.offer()))
    const answer = String(await path.rewrite(1, await answerer.answer(withoutCandidates(offer))))
    await offerer.accept(withoutCandidates(answer))
    return await Promise.all([offerer.start(candidatesOf(answer)), answerer.start(candidatesOf(offer))])
  } finally {
    await Promise.all([offerer.close(), answerer.close()])
    path.close()
  }
}

function candidatesOf(sdp: string): string[] {
  return [...sdp.matchAll(/^a=(candidate:\S+ \d+ udp .*?)\r?$/gim)].map(([, candidate = '']) => candidate)
}

function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(candidate|end-of-candidates).*\r?\n/gm, '')
}

const rounds = Number(process.argv[2] ?? 9)
const page = await openChromium()
const kinds = ['ours–ours', 'ours–Chromium', 'Chromium–ours', 'Chromium–Chromium'] as const
const results = new Map<string, Figures[]>(kinds.map((kind) => [kind, []]))
try {
  await page.evaluate(pageScript)
  for (let round = 0; round < rounds; round++)
    for (const kind of kinds) {
      const [offerer, answerer] = kind
        .split('–')
        .map((who, i) => (who === 'ours' ? new OurEnd() : new PageEnd(page, `${kind} ${round} ${i}`)))
      if (offerer !== undefined && answerer !== undefined)
        results.get(kind)?.push(figuresOf(await connect(offerer, answerer, round + 1)))
    }
} finally {
  await page.close()
}
printTable(results)

/** Milliseconds until one end, and both, are there. */
function figuresOf(times: readonly [Times, Times]): Figures {
  const connected = times.map((end) => end.connected)
  const channelOpen = times.map((end) => end.channelOpen)
  return {
    'ICE connected, one end': Math.min(...connected),
    'ICE connected, both ends': Math.max(...connected),
    'channel open, both ends': Math.max(...channelOpen),
  }
}
