import type { JoinOptions, Signaling, SignalingFrame, SignalingHost } from '../../src/index.ts'

interface Shout {
  readonly from: string
  readonly to?: string
  readonly kind: 'hello' | 'here' | 'frame' | 'bye'
  readonly frame?: SignalingFrame
}

export class BroadcastSignaling implements Signaling {
  readonly #self: string = crypto.randomUUID()
  #channel: InstanceType<typeof BroadcastChannel> | undefined

  get isJoined(): boolean {
    return this.#channel !== undefined
  }

  async join(channel: string, _options: JoinOptions, host: SignalingHost): Promise<void> {
    this.#channel = new BroadcastChannel(channel)
    this.#channel.onmessage = (event: unknown) => this.#hear((event as { data: Shout }).data, host)
    host.joined({ channel, peer: this.#self, members: [], iceServers: [] })
    this.#shout({ kind: 'hello' })
  }

  send(frame: SignalingFrame, to: string): void {
    this.#shout({ kind: 'frame', to, frame })
  }

  bye(): void {
    this.#shout({ kind: 'bye' })
  }

  async close(): Promise<void> {
    this.#channel?.close()
    this.#channel = undefined
  }

  #shout(shout: Omit<Shout, 'from'>): void {
    this.#channel?.postMessage({ from: this.#self, ...shout })
  }

  #hear({ from, to, kind, frame }: Shout, host: SignalingHost): void {
    if (to !== undefined && to !== this.#self) return
    if (kind === 'hello') host.peerJoined(from, 'offerer')
    else if (kind === 'bye') host.peerLeft(from, 'hangup')
    else if (frame !== undefined) host.received(from, frame)
  }
}
