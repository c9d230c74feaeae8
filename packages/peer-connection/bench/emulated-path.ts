/**
 * A path between two processes that delays, limits and loses, in user space, and the same for every stack: each
 * candidate that one end signals is replaced by a socket of the path's own, so that all traffic goes through it.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

export interface PathConditions {
  /** Milliseconds, both directions together. */
  readonly roundTrip: number
  /** 0 to 1, in each direction. */
  readonly loss: number
  /** Bits a second, in each direction. */
  readonly rate: number
  /** Bytes of the largest datagram. */
  readonly mtu: number
}

type End = 0 | 1

/** Stands for one address of one end: what the other end sends here goes there. */
interface Substitute {
  readonly owner: End
  readonly address: string
  readonly port: number
  readonly socket: Socket
}

interface Flying {
  readonly arrivesAt: number
  readonly bytes: Buffer
  readonly from: Substitute
  readonly to: Substitute
}

export class EmulatedPath {
  readonly #conditions: PathConditions
  readonly #substitutes = new Map<string, Promise<Substitute>>()
  readonly #sockets: Socket[] = []
  /** One for each direction, in order of arrival: the delay is the same for all. */
  readonly #flying: [Flying[], Flying[]] = [[], []]
  /** When the link has sent all that is queued. */
  readonly #idleAt: [number, number] = [0, 0]
  readonly #timer: NodeJS.Timeout
  /** State of the generator that decides on losses. */
  #random: number

  constructor(conditions: PathConditions, seed: number) {
    this.#conditions = conditions
    this.#random = seed
    this.#timer = setInterval(() => this.#deliver(), 1)
  }

  /** Replaces the address in all candidates of what `owner` signals; candidates over TCP or IPv6 are spoilt. */
  async rewrite(owner: End, body: unknown): Promise<unknown> {
    if (typeof body === 'string') return await this.#rewriteText(owner, body)
    if (typeof body !== 'object' || body === null) return body
    const entries = Object.entries(body).map(async ([key, value]) => [key, await this.rewrite(owner, value)])
    return Object.fromEntries(await Promise.all(entries)) as unknown
  }

  close(): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.close()
  }

  async #rewriteText(owner: End, text: string): Promise<string> {
    let rewritten = ''
    let end = 0
    for (const match of text.matchAll(candidatePattern)) {
      const [whole, head = '', transport = '', priority = '', address = '', port = ''] = match
      const isUsable = transport.toLowerCase() === 'udp' && !address.includes(':')
      const substitute = isUsable ? await this.#substitute(owner, address, Number(port)) : null
      const place =
        substitute === null ? 'tcp 1 192.0.2.1 9' : `${transport} ${priority} ${addressOf(substitute)}`
      rewritten += `${text.slice(end, match.index)}${head}${place}`
      end = match.index + whole.length
    }
    return rewritten + text.slice(end)
  }

  #substitute(owner: End, address: string, port: number): Promise<Substitute> {
    const key = `${owner} ${address} ${port}`
    let substitute = this.#substitutes.get(key)
    if (substitute === undefined) {
      substitute = this.#bind(owner, address, port)
      this.#substitutes.set(key, substitute)
    }
    return substitute
  }

  async #bind(owner: End, address: string, port: number): Promise<Substitute> {
    const socket = createSocket({
      type: 'udp4',
      recvBufferSize: 4_194_304,
      sendBufferSize: 4_194_304,
      lookup: (host, _options, callback) => callback(null, host, 4),
    })
    this.#sockets.push(socket)
    const listening = once(socket, 'listening')
    socket.bind(0, address)
    await listening
    const substitute = { owner, address, port, socket }
    socket.on('message', (bytes, from) => {
      const arrivedAt = performance.now()
      // The sender has a substitute of its own, which the owner takes for it.
      void this.#substitute(owner === 0 ? 1 : 0, from.address, from.port).then((sender) =>
        this.#send(arrivedAt, sender, substitute, bytes),
      )
    })
    return substitute
  }

  #send(now: number, from: Substitute, to: Substitute, bytes: Buffer): void {
    const { roundTrip, loss, rate, mtu } = this.#conditions
    const direction = to.owner
    const start = Math.max(now, this.#idleAt[direction])
    const queue = Math.max((roundTrip / 1_000) * rate, SMALLEST_QUEUE)
    const isQueueFull = (start - now) * (rate / 1_000) > queue
    if (bytes.length > mtu || isQueueFull || this.#draw() < loss) return
    this.#idleAt[direction] = start + ((bytes.length + HEADERS) * 8_000) / rate
    this.#flying[direction].push({ arrivesAt: this.#idleAt[direction] + roundTrip / 2, bytes, from, to })
  }

  #deliver(): void {
    const now = performance.now()
    for (const flying of this.#flying) {
      let count = 0
      for (; flying[count] !== undefined && flying[count]!.arrivesAt <= now; count++) {
        const { bytes, from, to } = flying[count]!
        from.socket.send(bytes, to.port, to.address)
      }
      flying.splice(0, count)
    }
  }

  /** mulberry32. */
  #draw(): number {
    this.#random = (this.#random + 0x6d2b_79f5) | 0
    let t = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function addressOf({ socket }: Substitute): string {
  const { address, port } = socket.address()
  return `${address} ${port}`
}

const candidatePattern = /(candidate:\S+ \d+ )(udp|tcp) (\d+) (\S+) (\d+)/gi

/** Of IPv4 and UDP. */
const HEADERS = 28
/** Bits: a round trip's worth of data is queued, and never less than this. */
const SMALLEST_QUEUE = 1_000_000
