import type { JoinOptions, Signaling, SignalingFrame, SignalingHost } from '../../src/index.ts'

export class PastedSignaling implements Signaling {
  /** What to copy. */
  readonly text: Promise<string>
  readonly #offers: boolean
  readonly #frames: SignalingFrame[] = []
  #host: SignalingHost | undefined
  #complete: (text: string) => void = () => {}

  constructor(offers: boolean) {
    this.#offers = offers
    this.text = new Promise((resolve) => (this.#complete = resolve))
  }

  get isJoined(): boolean {
    return this.#host !== undefined
  }

  async join(channel: string, _options: JoinOptions, host: SignalingHost): Promise<void> {
    this.#host = host
    host.joined({ channel, peer: 'here', members: [], iceServers: [] })
    if (this.#offers) host.peerJoined('there', 'offerer')
  }

  paste(text: string): void {
    for (const frame of JSON.parse(text) as SignalingFrame[]) this.#host?.received('there', frame)
  }

  send(frame: SignalingFrame): void {
    this.#frames.push(frame)
    if (frame.type === 'candidate' && frame.candidate === null) this.#complete(JSON.stringify(this.#frames))
  }

  bye(): void {
    // There is nobody to tell: the link itself ends.
  }

  async close(): Promise<void> {
    this.#host = undefined
  }
}
