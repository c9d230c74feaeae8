import { setTimeout } from 'node:timers/promises'

import type { CandidatePair } from '@purertc/ice'

import type { RTCConfiguration, RTCDataChannel } from '../../src/index.ts'
import { RTCPeerConnection } from '../../src/node/index.ts'
import type { BrowserPage } from './browsers.ts'
import { agreedChannel, echoScript } from './echo-page.ts'

type Signal =
  | { readonly description: { readonly type: 'offer' | 'answer'; readonly sdp: string } }
  | { readonly candidate: object }

export interface BrowserLinkOptions {
  readonly ours?: RTCConfiguration
  /** What the browser's constructor takes. */
  readonly theirs?: object
  /** Milliseconds that our signals take. */
  readonly latency?: number
}

/**
 * A connection with a page that goes on being signalled: descriptions leave before candidates are known, every candidate
 * follows as it comes (RFC 8838), and either side may offer again. The page sends back what it gets.
 */
export class BrowserLink {
  readonly ours: RTCPeerConnection
  /** All descriptions that were signalled. */
  readonly descriptions: string[] = []
  readonly selected: CandidatePair[] = []
  readonly #page: BrowserPage
  readonly #latency: number
  #channel: RTCDataChannel | null = null
  #returned: number[] = []
  #sent = 0
  #wake: () => void = () => undefined
  /** Signals are taken in their order. */
  #taken: Promise<unknown> = Promise.resolve()
  #isClosed = false
  /** What went wrong in signalling, for whoever waits. */
  #fault: Error | null = null

  private constructor(page: BrowserPage, configuration: RTCConfiguration, latency: number) {
    this.#page = page
    this.#latency = latency
    this.ours = new RTCPeerConnection({
      network: { includeLoopback: true },
      hooks: { pairSelected: (pair) => this.#note(this.selected, pair) },
      ...configuration,
    })
    this.ours.onicecandidate = ({ candidate }) => {
      if (candidate !== null) this.#tell({ candidate: candidate.toJSON() })
    }
    this.ours.oniceconnectionstatechange = () => this.#wake()
  }

  /** Resolves when the channel, which `offerer` made, is open and a pair selected. */
  static async open(
    page: BrowserPage,
    offerer: 'we' | 'browser',
    { ours = {}, theirs = {}, latency = 0 }: BrowserLinkOptions = {},
  ): Promise<BrowserLink> {
    const link = new BrowserLink(page, ours, latency)
    await page.evaluate(startScript(theirs))
    void link.#hear()
    link.#use(link.ours.createDataChannel('echo', agreedChannel))
    await link.offer(offerer)
    await link.until(() => link.#channel?.readyState === 'open' && link.selected.length > 0)
    return link
  }

  /** New credentials at both ends, RFC 8445 §9; resolves when they are in use. */
  async restart(offerer: 'we' | 'browser'): Promise<void> {
    const before = this.selected.length
    const described = this.descriptions.length + 2
    if (offerer === 'we') this.ours.restartIce()
    else await this.#page.evaluate('connection.restartIce()')
    await this.offer(offerer)
    // A pair of before may be selected late.
    await this.until(() => this.descriptions.length >= described && this.selected.length > before)
  }

  async offer(offerer: 'we' | 'browser'): Promise<void> {
    if (offerer === 'browser') {
      await this.#page.evaluate('describe()')
      return
    }
    await this.ours.setLocalDescription()
    this.#describe()
  }

  /** Sends the next number. */
  send(): void {
    this.#channel?.send(String(this.#sent++))
  }

  /** Whether every number that was sent has come back, once and in order. */
  get isWhole(): boolean {
    return this.#returned.length === this.#sent && this.#returned.every((number, i) => number === i)
  }

  /** Sends a number every 10 ms while `action` runs, and waits for all of them. */
  async flowDuring(action: () => Promise<void>): Promise<void> {
    const timer = setInterval(() => this.send(), 10)
    try {
      await action()
    } finally {
      clearInterval(timer)
    }
    this.send()
    await this.until(() => this.isWhole)
  }

  /** Looks whenever something happens; a test's time limit ends it. Throws what went wrong in signalling. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#isClosed) {
      if (this.#fault !== null) throw this.#fault
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** The selected candidates of the browser's own statistics. */
  async theirPair(): Promise<{ readonly local: object; readonly remote: object }> {
    return (await this.#page.evaluate(pairScript)) as { readonly local: object; readonly remote: object }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#wake()
    this.ours.close()
    await this.#page.evaluate('connection.close(); post(null)')
  }

  #use(channel: RTCDataChannel): void {
    this.#channel = channel
    channel.onopen = () => this.#wake()
    channel.onmessage = ({ data }) => this.#note(this.#returned, Number(data))
    this.#wake()
  }

  #note<T>(list: T[], item: T): void {
    list.push(item)
    this.#wake()
  }

  #describe(): void {
    const { type, sdp } = this.ours.localDescription ?? {}
    if ((type === 'offer' || type === 'answer') && sdp !== undefined)
      this.#tell({ description: { type, sdp } })
  }

  #tell(signal: Signal): void {
    if (this.#isClosed) return
    if ('description' in signal) this.descriptions.push(signal.description.sdp)
    const deliver = (): Promise<unknown> | false =>
      !this.#isClosed && this.#page.evaluate(`take(${JSON.stringify(signal)})`)
    // Delays of the same length keep the order.
    const arrival = this.#latency === 0 ? Promise.resolve() : setTimeout(this.#latency)
    arrival.then(deliver).catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    this.#fault ??= new Error('a signal was refused', { cause: error })
    this.#wake()
  }

  async #hear(): Promise<void> {
    for (;;) {
      const signals = (await this.#page.evaluate('poll()')) as (Signal | null)[]
      if (signals.includes(null)) return
      for (const signal of signals)
        this.#taken = this.#taken
          .then(() => signal && this.#take(signal))
          .catch((error: unknown) => this.#fail(error))
    }
  }

  async #take(signal: Signal): Promise<void> {
    if (this.#isClosed) return
    if ('candidate' in signal) {
      await this.ours.addIceCandidate(signal.candidate)
      return
    }
    this.descriptions.push(signal.description.sdp)
    await this.ours.setRemoteDescription(signal.description)
    if (signal.description.type === 'answer') return
    await this.ours.setLocalDescription()
    this.#describe()
  }
}

/** Runs in the page, which keeps the connection. */
const startScript = (configuration: object): string => `(() => {
  const connection = (globalThis.connection = new RTCPeerConnection(${JSON.stringify(configuration)}))
  const signals = []
  let wake = () => undefined
  globalThis.post = (signal) => (signals.push(signal), wake())
  globalThis.poll = async () => {
    while (signals.length === 0) await new Promise((resolve) => (wake = resolve))
    return signals.splice(0)
  }
  ${echoScript}
  globalThis.describe = async () => {
    await connection.setLocalDescription()
    const { type, sdp } = connection.localDescription
    post({ description: { type, sdp } })
  }
  let taken = Promise.resolve()
  globalThis.take = (signal) => (taken = taken.then(async () => {
    if (signal.candidate) return connection.addIceCandidate(signal.candidate)
    await connection.setRemoteDescription(signal.description)
    if (signal.description.type === 'offer') await describe()
  }))
  connection.onicecandidate = ({ candidate }) => candidate && post({ candidate: candidate.toJSON() })
})()`

const pairScript = `(async () => {
  const stats = await connection.getStats()
  const all = [...stats.values()]
  const { selectedCandidatePairId: id } = all.find(({ type }) => type === 'transport') ?? {}
  const pair = id ? stats.get(id) : all.find(({ type, selected }) => type === 'candidate-pair' && selected)
  const plain = ({ candidateType, protocol, address }) => ({ candidateType, protocol, address })
  return { local: plain(stats.get(pair.localCandidateId)), remote: plain(stats.get(pair.remoteCandidateId)) }
})()`
