import type { ForeignChannel, ForeignConnection, ForeignHost } from './interop-peer.ts'
import type { ChannelOptions } from './interop-protocol.ts'

/** The part of the W3C API that is used here, as wrtc and werift have it. */
interface W3cChannel {
  readonly label: string
  readonly ordered: boolean
  readonly maxRetransmits: number | null
  readonly bufferedAmount: number
  readonly readyState: string
  bufferedAmountLowThreshold?: number
  binaryType: string
  onopen: () => void
  onclose: () => void
  onmessage: (event: { data: string | Uint8Array | ArrayBuffer }) => void
  addEventListener(type: string, listener: () => void): void
  send(data: string | Uint8Array): void
  close(): void
}

interface W3cCandidate {
  readonly candidate: string
  readonly sdpMid: string | null
}

interface W3cConnection {
  readonly connectionState: string
  readonly localDescription: { readonly type: 'offer' | 'answer'; readonly sdp: string }
  onicecandidate: (event: { candidate: W3cCandidate | null | undefined }) => void
  onconnectionstatechange: () => void
  ondatachannel: (event: { channel: W3cChannel }) => void
  createDataChannel(label: string, options: ChannelOptions): W3cChannel
  createOffer(): Promise<unknown>
  createAnswer(): Promise<unknown>
  setLocalDescription(description: unknown): Promise<unknown>
  setRemoteDescription(description: unknown): Promise<unknown>
  close(): void
  addIceCandidate(candidate: { candidate: string; sdpMid: string; sdpMLineIndex: number }): Promise<unknown>
}

/** What a module has that is such a stack, and a page. */
export interface W3cApi {
  readonly RTCPeerConnection: new (config: object) => W3cConnection
}

/** A stack that has the W3C API. */
export class W3cStack implements ForeignConnection {
  readonly #connection: W3cConnection
  readonly #host: ForeignHost
  /** Descriptions are reported before the candidates that belong to them. */
  #held: W3cCandidate[] | null = []

  constructor({ RTCPeerConnection }: W3cApi, host: ForeignHost) {
    this.#host = host
    this.#connection = new RTCPeerConnection({ iceServers: [] })
    this.#connection.onicecandidate = ({ candidate }) => {
      const found = candidate ?? { candidate: '', sdpMid: '0' }
      if (this.#held === null) this.#reportCandidate(found)
      else this.#held.push(found)
    }
    this.#connection.onconnectionstatechange = () =>
      host.report({ event: 'state', state: this.#connection.connectionState })
    this.#connection.ondatachannel = ({ channel }) => {
      const { label, ordered, maxRetransmits } = channel
      host.incoming(label, this.#wire(channel))
      host.report({ event: 'incoming', label, ordered, maxRetransmits })
    }
  }

  open(label: string, options: ChannelOptions): ForeignChannel {
    const channel = this.#connection.createDataChannel(label, options)
    const wired = this.#wire(channel)
    // On a connection that is up, wrtc's channels are open at once, without the event.
    if (channel.readyState === 'open') this.#host.report({ event: 'open', label })
    return wired
  }

  async offer(): Promise<void> {
    await this.#describe(await this.#connection.createOffer())
  }

  async setDescription(type: 'offer' | 'answer', sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type, sdp })
    if (type === 'offer') await this.#describe(await this.#connection.createAnswer())
  }

  async addCandidate(candidate: string, sdpMid: string): Promise<void> {
    await this.#connection.addIceCandidate({ candidate, sdpMid, sdpMLineIndex: 0 })
  }

  close(): void {
    this.#connection.close()
  }

  async #describe(description: unknown): Promise<void> {
    const { type, sdp } = description as { type: 'offer' | 'answer'; sdp: string }
    await this.#connection.setLocalDescription(description)
    this.#host.report({ event: 'description', type, sdp })
    for (const candidate of this.#held ?? []) this.#reportCandidate(candidate)
    this.#held = null
  }

  #reportCandidate({ candidate, sdpMid }: W3cCandidate): void {
    this.#host.report({ event: 'candidate', candidate, sdpMid: sdpMid ?? '0' })
  }

  #wire(channel: W3cChannel): ForeignChannel {
    const { label } = channel
    channel.binaryType = 'arraybuffer'
    // wrtc has no such event: who sends much has to ask.
    if (channel.bufferedAmountLowThreshold !== undefined) channel.bufferedAmountLowThreshold = LOW_WATER
    channel.onopen = () => this.#host.report({ event: 'open', label })
    channel.onclose = () => this.#host.report({ event: 'close', label })
    channel.onmessage = ({ data }) =>
      this.#host.received(label, data instanceof ArrayBuffer ? new Uint8Array(data) : data)
    channel.addEventListener('bufferedamountlow', () => this.#host.bufferedAmountLow(label))
    return {
      // werift takes Buffers only, which pages do not have.
      send: (data) =>
        channel.send(typeof data === 'string' || typeof Buffer === 'undefined' ? data : Buffer.from(data)),
      bufferedAmount: () => channel.bufferedAmount,
      close: () => channel.close(),
    }
  }
}

const LOW_WATER = 65_536
