import { SignalingClient, type SignalingClientOptions } from '../../src/index.ts'
import { WebSocket } from 'ws'

/** What became of everything that was said. */
export interface Ledger {
  sent: number
  /** The sender was told that it was delivered. */
  confirmed: number
  /** The sender was told of an error: it may have arrived, or not. */
  failed: number
  heard: number
  heardTwice: number
  outOfOrder: number
  /** Confirmed, not heard, and an end was told of a loss after it was said. */
  lostAndTold: number
  /** Confirmed, not heard, and nobody was told of a loss since: counted message by message. */
  lostSilently: number
}

/** Two peers that say numbers to each other without pause, and write down what happens to each. */
export class BusyPair {
  readonly #clients: readonly [Talker, Talker]

  constructor(channel: string, urls: readonly [readonly string[], readonly string[]]) {
    this.#clients = [new Talker(channel, 'a', urls[0]), new Talker(channel, 'b', urls[1])]
  }

  async start(): Promise<void> {
    for (const talker of this.#clients) await talker.start()
  }

  talk(): void {
    for (const talker of this.#clients) void talker.talk()
  }

  /** Resolves when it holds; looked at whenever something happened to either peer. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await Promise.race(this.#clients.map((talker) => talker.happens()))
  }

  /** Resolves when both peers have heard so many more: more than can be under way already. */
  async hearMore(count = 4 * WINDOW): Promise<void> {
    const before = this.#clients.map(({ heard }) => heard.size)
    await this.until(() => this.#clients.every(({ heard }, at) => heard.size >= (before[at] ?? 0) + count))
  }

  /** No more is said; resolves when every answer is there, and both had time to hear the rest. */
  async finish(): Promise<void> {
    await Promise.all(this.#clients.map((talker) => talker.finish()))
    // One message more in each direction, behind which nothing can be on its way.
    await Promise.all(this.#clients.map((talker) => talker.flush()))
    const [a, b] = this.#clients
    await this.until(() => b.hasLastOf(a) && a.hasLastOf(b))
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((talker) => talker.client.close()))
  }

  get losses(): number {
    return this.#clients.reduce((sum, talker) => sum + talker.losses, 0)
  }

  get resumptions(): number {
    return this.#clients.reduce((sum, talker) => sum + talker.resumptions, 0)
  }

  add(to: Ledger): void {
    const [a, b] = this.#clients
    for (const [speaker, listener] of [
      [a, b],
      [b, a],
    ] as const) {
      to.sent += speaker.sent
      to.confirmed += speaker.confirmed.size
      to.failed += speaker.failed
      to.heard += listener.heard.size
      to.heardTwice += listener.heardTwice
      to.outOfOrder += listener.outOfOrder
      for (const number of speaker.confirmed) {
        if (listener.heard.has(number)) continue
        // A loss that was told of before it was said is no excuse.
        const told = Math.max(listener.lostAt, speaker.lostAt)
        if (told >= (speaker.saidAt[number] ?? Infinity)) to.lostAndTold++
        else to.lostSilently++
      }
    }
  }
}

export const newLedger = (): Ledger => ({
  sent: 0,
  confirmed: 0,
  failed: 0,
  heard: 0,
  heardTwice: 0,
  outOfOrder: 0,
  lostAndTold: 0,
  lostSilently: 0,
})

class Talker {
  readonly client: SignalingClient
  readonly confirmed: Set<number> = new Set()
  readonly heard: Set<number> = new Set()
  sent = 0
  failed = 0
  heardTwice = 0
  outOfOrder = 0
  losses = 0
  /** When it was told of its last loss. */
  lostAt = -Infinity
  /** When each number was said. */
  readonly saidAt: number[] = []
  resumptions = 0
  readonly #channel: string
  readonly #peer: string
  readonly #open: Set<Promise<unknown>> = new Set()
  readonly #waiting: (() => void)[] = []
  #last = -1
  #isDone = false

  constructor(channel: string, peer: string, urls: readonly string[]) {
    this.#channel = channel
    this.#peer = peer
    const options: SignalingClientOptions = {
      url: urls,
      WebSocket,
      timeout: 20_000,
      quietAfter: 1_500,
      reconnect: { initial: 50, max: 500, attempts: 200 },
    }
    this.client = new SignalingClient(options)
    this.client.on('lost', () => {
      this.losses++
      this.lostAt = performance.now()
      this.#happened()
    })
    this.client.on('resumed', () => {
      this.resumptions++
      this.#happened()
    })
    this.client.on('message', ({ data }) => this.#hear(data as number))
    this.client.on('error', () => {})
  }

  async start(): Promise<void> {
    await this.client.connect()
    await this.client.join(this.#channel, { peer: this.#peer })
  }

  async talk(): Promise<void> {
    while (!this.#isDone) {
      if (this.#open.size < WINDOW) this.#say(this.sent++)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async finish(): Promise<void> {
    this.#isDone = true
    await Promise.all(this.#open)
  }

  async flush(): Promise<void> {
    this.#say(this.sent++)
    await Promise.all(this.#open)
  }

  /** Whether it has heard the other one's last word; also when that failed, or one of the two was told of a loss since. */
  hasLastOf({ confirmed, sent, saidAt, lostAt }: Talker): boolean {
    const last = sent - 1
    return (
      !confirmed.has(last) || this.heard.has(last) || Math.max(lostAt, this.lostAt) >= (saidAt[last] ?? 0)
    )
  }

  /** Resolves when something has happened to it. */
  happens(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #happened(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #say(number: number): void {
    this.saidAt[number] = performance.now()
    const said = this.client.sendMessage(number).then(
      ({ delivered }) => {
        // Alone in the channel: the other has been told that it is out.
        if (delivered) this.confirmed.add(number)
        else this.failed++
      },
      () => {
        this.failed++
      },
    )
    this.#open.add(said)
    void said.then(() => {
      this.#open.delete(said)
      this.#happened()
    })
  }

  #hear(number: number): void {
    if (this.heard.has(number)) this.heardTwice++
    if (number < this.#last) this.outOfOrder++
    this.#last = number
    this.heard.add(number)
    this.#happened()
  }
}

/** Messages that each peer has under way at once. */
const WINDOW = 8
