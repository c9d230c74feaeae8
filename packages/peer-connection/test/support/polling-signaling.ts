import type { JoinOptions, Signaling, SignalingFrame, SignalingHost } from '../../src/index.ts'
import type { Letter } from './post-office.ts'

export class PollingSignaling implements Signaling {
  readonly #office: string
  #mailbox: string | undefined
  #host: SignalingHost | undefined
  #polling: AbortController = new AbortController()
  /** What was sent last: one request follows the other, so that frames stay in order. */
  #sent: Promise<void> = Promise.resolve()

  /** The URL of a post office, without a slash at its end. */
  constructor(office: string) {
    this.#office = office
  }

  get isJoined(): boolean {
    return this.#mailbox !== undefined
  }

  async join(channel: string, _options: JoinOptions, host: SignalingHost): Promise<void> {
    const url = `${this.#office}/${encodeURIComponent(channel)}`
    const answer = await ask(url, { method: 'POST' })
    const { peer, members } = (await answer.json()) as { peer: string; members: string[] }
    const mailbox = `${url}/${peer}`
    this.#mailbox = mailbox
    this.#host = host
    this.#polling = new AbortController()
    host.joined({ channel, peer, members, iceServers: [] })
    this.#poll(mailbox, host, this.#polling.signal).catch((error: unknown) => this.#fail(error))
  }

  send(frame: SignalingFrame, to: string): void {
    this.#request('POST', { to, frame })
  }

  bye(): void {
    this.#leave()
  }

  async close(): Promise<void> {
    this.#leave()
    await this.#sent
  }

  #leave(): void {
    this.#request('DELETE')
    this.#mailbox = undefined
    this.#polling.abort()
  }

  #request(method: string, letter?: object): void {
    const mailbox = this.#mailbox
    if (mailbox === undefined) return
    const body = letter === undefined ? null : JSON.stringify(letter)
    this.#sent = this.#sent.then(async () => {
      await ask(mailbox, { method, body }).catch((error: unknown) => this.#fail(error))
    })
  }

  async #poll(mailbox: string, host: SignalingHost, signal: AbortSignal): Promise<void> {
    for (let fetched = 0; !signal.aborted;) {
      const answer = await ask(`${mailbox}?${fetched}`, { signal })
      const letters = (await answer.json()) as Letter[]
      fetched += letters.length
      for (const letter of letters) {
        if (letter.kind === 'frame') host.received(letter.from, letter.frame)
        else if (letter.kind === 'joined') host.peerJoined(letter.from, 'offerer')
        else host.peerLeft(letter.from, 'hangup')
      }
    }
  }

  /** Who has left does not mind. */
  #fail(error: unknown): void {
    if (this.#mailbox === undefined) return
    this.#mailbox = undefined
    this.#polling.abort()
    this.#host?.failed(error instanceof Error ? error : new Error(String(error)))
    this.#host?.closed(1006, 'the post office is out of reach')
  }
}

async function ask(url: string, options: RequestInit): Promise<Response> {
  const answer = await fetch(url, options)
  if (!answer.ok) throw new Error(`the post office answered ${answer.status}`)
  return answer
}
