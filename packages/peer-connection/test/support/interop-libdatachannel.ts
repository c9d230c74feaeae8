import { createRequire } from 'node:module'

import type { ForeignChannel, ForeignConnection, ForeignHost } from './interop-peer.ts'
import type { ChannelOptions } from './interop-protocol.ts'

/** Of node-datachannel, what is used here. */
interface NativeChannel {
  getLabel(): string
  close(): void
  isOpen(): boolean
  sendMessage(text: string): boolean
  sendMessageBinary(bytes: Uint8Array): boolean
  bufferedAmount(): number
  setBufferedAmountLowThreshold(bytes: number): void
  onOpen(callback: () => void): void
  onClosed(callback: () => void): void
  onBufferedAmountLow(callback: () => void): void
  onMessage(callback: (message: string | Uint8Array | ArrayBuffer) => void): void
}

interface NativeConnection {
  setLocalDescription(type: string): void
  setRemoteDescription(sdp: string, type: string): void
  addRemoteCandidate(candidate: string, mid: string): void
  createDataChannel(label: string, options: object): NativeChannel
  close(): void
  onLocalDescription(callback: (sdp: string, type: 'offer' | 'answer') => void): void
  onLocalCandidate(callback: (candidate: string, mid: string) => void): void
  onGatheringStateChange(callback: (state: string) => void): void
  onStateChange(callback: (state: string) => void): void
  onDataChannel(callback: (channel: NativeChannel) => void): void
}

/** libdatachannel by its own API, which node-datachannel shows as it is. */
export class Libdatachannel implements ForeignConnection {
  readonly #native: NativeConnection
  readonly #host: ForeignHost

  constructor(host: ForeignHost) {
    this.#host = host
    const { PeerConnection } = createRequire(import.meta.url)('node-datachannel') as {
      PeerConnection: new (name: string, config: object) => NativeConnection
    }
    this.#native = new PeerConnection('interop', {
      iceServers: [],
      disableAutoNegotiation: true,
      bindAddress: '127.0.0.1',
    })
    this.#native.onLocalDescription((sdp, type) => host.report({ event: 'description', type, sdp }))
    this.#native.onLocalCandidate((candidate, sdpMid) =>
      host.report({ event: 'candidate', candidate, sdpMid }),
    )
    this.#native.onGatheringStateChange((state) => {
      if (state === 'complete') host.report({ event: 'candidate', candidate: '', sdpMid: '0' })
    })
    this.#native.onStateChange((state) => host.report({ event: 'state', state }))
    this.#native.onDataChannel((channel) => {
      const label = channel.getLabel()
      host.incoming(label, this.#wire(label, channel))
      host.report({ event: 'incoming', label })
    })
  }

  open(label: string, { ordered = true, ...options }: ChannelOptions): ForeignChannel {
    return this.#wire(label, this.#native.createDataChannel(label, { unordered: !ordered, ...options }))
  }

  offer(): void {
    this.#native.setLocalDescription('offer')
  }

  setDescription(type: 'offer' | 'answer', sdp: string): void {
    this.#native.setRemoteDescription(sdp, type)
    if (type === 'offer') this.#native.setLocalDescription('answer')
  }

  /** It has no end of candidates. */
  addCandidate(candidate: string, sdpMid: string): void {
    if (candidate !== '') this.#native.addRemoteCandidate(candidate, sdpMid)
  }

  close(): void {
    this.#native.close()
  }

  #wire(label: string, channel: NativeChannel): ForeignChannel {
    channel.setBufferedAmountLowThreshold(LOW_WATER)
    channel.onOpen(() => this.#host.report({ event: 'open', label }))
    channel.onClosed(() => this.#host.report({ event: 'close', label }))
    channel.onBufferedAmountLow(() => this.#host.bufferedAmountLow(label))
    channel.onMessage((data) =>
      this.#host.received(label, data instanceof ArrayBuffer ? new Uint8Array(data) : data),
    )
    return {
      send: (data) => {
        if (typeof data === 'string') channel.sendMessage(data)
        else channel.sendMessageBinary(data)
      },
      bufferedAmount: () => channel.bufferedAmount(),
      close: () => channel.close(),
    }
  }
}

const LOW_WATER = 65_536
