import { randomUUID } from 'node:crypto'

import { formatIpAddress, parseIpAddress } from '@purertc/stun'

import {
  decodeDnsMessage,
  type DnsAddress,
  type DnsQuestion,
  DnsType,
  encodeQuery,
  encodeResponse,
} from './dns-message.ts'
import { type MulticastReceived, type MulticastTransport, openMulticast } from './multicast-socket.ts'

export interface MulticastDnsOptions {
  /** Milliseconds after which a question is asked again, and at last given up. Default 0.5, 1 and 2 s (RFC 6762 §5.2). */
  readonly intervals?: readonly number[]
  /** Default: port 5353 of all interfaces. */
  readonly open?: (received: MulticastReceived) => Promise<MulticastTransport | null>
}

interface Question {
  readonly name: string
  readonly answer: (addresses: readonly string[]) => void
  timer: NodeJS.Timeout | undefined
}

/**
 * Names in place of addresses, draft-ietf-mmusic-mdns-ice-candidates: asks the link for the address behind a peer's
 * `.local` name, and answers for our own. Nothing is opened before there is something to ask or to answer.
 *
 * @example
 * const mdns = new MulticastDns()
 * const [address] = await mdns.resolve('1f4712db-ea17-4bcf-a596-105139dfd8bf.local')
 * const name = mdns.publish('192.168.1.5') // for the candidate, until close()
 * mdns.close()
 */
export class MulticastDns {
  readonly #intervals: readonly number[]
  readonly #open: (received: MulticastReceived) => Promise<MulticastTransport | null>
  readonly #questions = new Set<Question>()
  readonly #published = new Map<string, Uint8Array>()
  #transport: Promise<MulticastTransport | null> | null = null
  #isClosed = false
  /** Names that were asked for, questions that were answered, and what was neither. */
  readonly counts: { resolved: number; answered: number; ignored: number } = {
    resolved: 0,
    answered: 0,
    ignored: 0,
  }

  constructor({ intervals = [500, 1_000, 2_000], open = openMulticast }: MulticastDnsOptions = {}) {
    this.#intervals = intervals
    this.#open = open
  }

  /**
   * The address of the name. None where nobody answers, where one name has several addresses (§3.2.2 of the draft), or
   * where it is no version 4 UUID: whoever is asked for other names would tell the peer what else is on the link.
   */
  async resolve(name: string): Promise<readonly string[]> {
    if (!UUID_NAME.test(name) || this.#isClosed) return []
    const transport = await this.#opened()
    if (transport === null || this.#questions.size >= MAX_QUESTIONS) return []
    return new Promise((resolve) => {
      const question: Question = {
        name: name.toLowerCase(),
        timer: undefined,
        answer: (addresses) => {
          clearTimeout(question.timer)
          this.#questions.delete(question)
          resolve(addresses)
        },
      }
      this.#questions.add(question)
      if (this.#isClosed) question.answer([])
      else this.#ask(transport, question, 0)
    })
  }

  /** A new name for an address, which is answered for from now on. Throws a RangeError for what is no IP address. */
  publish(address: string): string {
    const bytes = parseIpAddress(address)
    if (bytes === null) throw new RangeError(`${address} is no address`)
    const name = `${randomUUID()}.local`
    this.#published.set(name, bytes)
    // Who hears of the name before it asks need not ask.
    void this.#opened().then((transport) => {
      if (!this.#isClosed) transport?.send(encodeResponse({ name, address: bytes, ttl: TTL }))
    })
    return name
  }

  /** Takes our names back, gives open questions up, and closes the sockets. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const question of [...this.#questions]) question.answer([])
    void this.#transport?.then((transport) => {
      // RFC 6762 §10.1.
      for (const [name, address] of this.#published)
        transport?.send(encodeResponse({ name, address, ttl: 0 }))
      this.#published.clear()
      transport?.close()
    })
  }

  #opened(): Promise<MulticastTransport | null> {
    this.#transport ??= this.#open((bytes, from) => this.#receive(bytes, from))
    return this.#transport
  }

  #ask(transport: MulticastTransport, question: Question, attempt: number): void {
    const interval = this.#intervals[attempt]
    if (interval === undefined) {
      question.answer([])
      return
    }
    transport.send(encodeQuery(question.name))
    question.timer = setTimeout(() => this.#ask(transport, question, attempt + 1), interval).unref()
  }

  #receive(bytes: Uint8Array, from: { readonly address: string; readonly port: number }): void {
    const message = this.#isClosed ? null : decodeDnsMessage(bytes)
    // RFC 6762 §6: an answer from any other port is none. Who asks from one (§6.7) is no ICE agent.
    if (message === null || from.port !== MDNS_PORT) this.counts.ignored++
    else if (message.isResponse) this.#take(message.answers)
    else for (const question of message.questions) this.#reply(question, from)
  }

  #take(answers: readonly DnsAddress[]): void {
    for (const question of [...this.#questions]) {
      const found = answers.filter(({ name, ttl }) => name === question.name && ttl > 0)
      const addresses = new Set(found.map(({ address }) => formatIpAddress(address)))
      if (addresses.size === 0) continue
      this.counts.resolved++
      question.answer(addresses.size === 1 ? [...addresses] : [])
    }
  }

  #reply(
    { name, type, wantsUnicast }: DnsQuestion,
    from: { readonly address: string; readonly port: number },
  ): void {
    const address = this.#published.get(name)
    const wanted: number = address?.length === 4 ? DnsType.a : DnsType.aaaa
    if (address === undefined || (type !== wanted && type !== DnsType.any)) return
    this.counts.answered++
    const response = encodeResponse({ name, address, ttl: TTL })
    void this.#transport?.then((transport) => transport?.send(response, wantsUnicast ? from : undefined))
  }
}

/** Of version 4 (RFC 9562 §5.4), as one label. */
const UUID_NAME = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.local$/i
const MDNS_PORT = 5_353
/** Seconds; RFC 6762 §10 for names of hosts. */
const TTL = 120
/** Of one agent at a time: a description has no more names than a browser has interfaces. */
const MAX_QUESTIONS = 32
