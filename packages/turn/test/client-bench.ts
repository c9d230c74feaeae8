import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  formatAddress,
  Lifetime,
  LongTermAuthenticator,
  longTermKey,
  MessageBuilder,
  MessageClass,
  Method,
  StatusCode,
  StunMessage,
  type TransportAddress,
  transportAddress,
  XorMappedAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { TurnClient, type TurnClientConfig, type TurnError } from '../src/index.ts'

export const serverAddress: TransportAddress = transportAddress('198.51.100.1', 3478)
export const clientAddress: TransportAddress = transportAddress('198.51.100.7', 40_000)
export const relayed: TransportAddress = transportAddress('198.51.100.1', 50_000)
export const peer: TransportAddress = transportAddress('198.51.100.9', 7_000)
export const otherPeer: TransportAddress = transportAddress('198.51.100.10', 7_000)

/** A client whose server is the test: every datagram is looked at, every answer is made by hand. */
export class ClientBench {
  readonly client: TurnClient
  /** What the client sent and {@link ClientBench.take} has not yet taken. */
  readonly sent: Uint8Array[] = []
  readonly received: { peer: string; text: string }[] = []
  readonly events: string[] = []
  readonly answers: string[] = []
  readonly refused: { peer: string; code: TurnError['code'] }[] = []
  error: TurnError | null = null
  now: Millis = Millis(5_000)
  onReceived: () => void = () => {}
  onAllocated: () => void = () => {}
  onTransmit: () => void = () => {}
  readonly authenticator: LongTermAuthenticator

  constructor(config: Partial<TurnClientConfig> = {}) {
    const password = (): string => 'secret'
    this.authenticator = new LongTermAuthenticator({ crypto: nodeCrypto, realm: 'example.org', password })
    this.client = new TurnClient(
      { crypto: nodeCrypto, server: serverAddress, username: 'ann', password: 'secret', ...config },
      {
        transmit: (bytes) => {
          this.sent.push(bytes.slice())
          this.onTransmit()
        },
        allocated: (at, mapped) => {
          this.events.push(`allocated ${formatAddress(at)} ${formatAddress(mapped)}`)
          this.onAllocated()
        },
        received: (_now, from, bytes) => {
          this.received.push({ peer: formatAddress(from), text: new TextDecoder().decode(bytes) })
          this.onReceived()
        },
        failed: (error) => {
          this.error = error
          this.events.push(`failed ${error.code}`)
        },
        peerRefused: (at, error) => this.refused.push({ peer: formatAddress(at), code: error.code }),
        icmpReceived: (at, { type, code, data }) =>
          this.events.push(`icmp ${formatAddress(at)} ${type} ${code} ${data}`),
        answered: ({ method, peer: about, error }) =>
          this.answers.push(`${method} ${about ? formatAddress(about) : '-'} ${error?.code ?? 'ok'}`),
        closed: () => this.events.push('closed'),
      },
    )
  }

  /** The next datagram that the client sent, which must be STUN. */
  take(): StunMessage {
    const message = StunMessage.decode(this.takeBytes())
    if (message === null) throw new Error('the client sent no STUN message')
    return message
  }

  takeBytes(): Uint8Array {
    const bytes = this.sent.shift()
    if (bytes === undefined) throw new Error('the client sent nothing')
    return bytes
  }

  /** Hands the client a message, unsigned. */
  deliver(message: MessageBuilder): boolean {
    return this.client.handleDatagram(this.now, message.finish())
  }

  /** Hands the client a message signed with its key. */
  deliverSigned(message: MessageBuilder, password = 'secret'): boolean {
    return this.deliver(message.sign(nodeCrypto, longTermKey(nodeCrypto, 'ann', 'example.org', password)))
  }

  succeed(request: StunMessage): boolean {
    return this.deliverSigned(MessageBuilder.success(request))
  }

  refuse(request: StunMessage, code: number): boolean {
    return this.deliverSigned(MessageBuilder.error(request, code))
  }

  /** Answers 401 or 438. */
  challenge(request: StunMessage, code: 401 | 438 = StatusCode.unauthenticated): boolean {
    return this.deliver(this.authenticator.refuse(this.now, request, clientAddress, code))
  }

  /** The Allocate success response, to be altered or signed. */
  allocation(request: StunMessage, lifetime = 600): MessageBuilder {
    return MessageBuilder.success(request)
      .add(XorRelayedAddress, relayed)
      .add(XorMappedAddress, clientAddress)
      .add(Lifetime, lifetime)
  }

  /** Takes the client to its allocation. */
  allocate(lifetime = 600): this {
    this.client.allocate(this.now)
    this.challenge(this.take())
    this.deliverSigned(this.allocation(this.take(), lifetime))
    return this
  }

  /** Takes the client to a permission. */
  permit(address: TransportAddress = peer): this {
    this.client.createPermission(this.now, address)
    this.succeed(this.take())
    return this
  }

  /** Takes the client to a channel. */
  bind(address: TransportAddress = peer): this {
    this.client.bindChannel(this.now, address)
    this.succeed(this.take())
    return this
  }

  /** Lets time pass, and has the client do what falls due meanwhile. */
  advance(ms: number): this {
    const end = Millis(this.now + ms)
    for (;;) {
      const next = this.client.nextTimeout
      if (next > end) break
      this.now = Millis(Math.max(this.now, next))
      this.client.handleTimeout(this.now)
      if (this.client.nextTimeout <= this.now) throw new Error('busy loop')
    }
    this.now = end
    return this
  }

  indication(): MessageBuilder {
    return new MessageBuilder(Method.data, MessageClass.indication, new Uint8Array(12).fill(7))
  }
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export function channelData(channel: number, data: Uint8Array): Uint8Array {
  return Uint8Array.of(channel >>> 8, channel, data.length >>> 8, data.length, ...data)
}
