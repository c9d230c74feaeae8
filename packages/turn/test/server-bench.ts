import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  ErrorCode,
  Lifetime,
  longTermKey,
  MessageBuilder,
  MessageClass,
  Method,
  Nonce,
  Realm,
  RequestedTransport,
  StunMessage,
  type TransportAddress,
  transportAddress,
  Username,
} from '@purertc/stun'

import { type DeletionReason, TurnServer, type TurnServerConfig, type TurnServerHost } from '../src/index.ts'

export const ann: TransportAddress = transportAddress('198.51.100.7', 40_000)
export const bob: TransportAddress = transportAddress('198.51.100.8', 40_000)
export const peer: TransportAddress = transportAddress('198.51.100.9', 7_000)
export const otherPeer: TransportAddress = transportAddress('198.51.100.10', 7_000)

export interface Credentials {
  readonly username?: string
  readonly password?: string
  readonly nonce?: string
  readonly realm?: string
  readonly transactionId?: Uint8Array
  /** Leave one of the attributes out. */
  readonly without?: 'username' | 'nonce' | 'realm'
}

type Fill = (message: MessageBuilder) => unknown

/** A server whose clients, peers and sockets are the test: every request is written by hand. */
export class ServerBench {
  readonly server: TurnServer
  readonly toClients: { listener: number; client: TransportAddress; bytes: Uint8Array }[] = []
  readonly toPeers: { relay: number; peer: TransportAddress; bytes: Uint8Array }[] = []
  readonly opened: { relay: number; port: number }[] = []
  readonly closed: number[] = []
  readonly events: string[] = []
  readonly deletions: DeletionReason[] = []
  now: Millis = Millis(1_000_000)
  /** Opens relays as they are asked for; false leaves that to the test. */
  opensRelays = true
  onDeleted: () => void = () => {}
  #transactions = 0

  constructor(config: Partial<TurnServerConfig> = {}, host: Partial<TurnServerHost> = {}) {
    const users = new Map([
      ['ann', 'secret'],
      ['bob', 'hidden'],
    ])
    this.server = new TurnServer(
      {
        crypto: nodeCrypto,
        realm: 'example.org',
        authenticate: (username) => users.get(username) ?? null,
        ...config,
      },
      {
        transmit: (listener, client, bytes) =>
          this.toClients.push({ listener, client, bytes: bytes.slice() }),
        relay: (relay, to, bytes) => this.toPeers.push({ relay, peer: to, bytes: bytes.slice() }),
        openRelay: (relay, family, port) => {
          this.opened.push({ relay, port })
          if (this.opensRelays)
            this.server.relayOpened(this.now, relay, {
              family,
              address: family === 'IPv4' ? '198.51.100.1' : '2001:db8::1',
              port,
            })
        },
        closeRelay: (relay) => this.closed.push(relay),
        allocationCreated: ({ username }) => this.events.push(`created ${username}`),
        allocationDeleted: ({ username }, reason) => {
          this.events.push(`deleted ${username} ${reason}`)
          this.onDeleted()
        },
        ...host,
      },
    )
  }

  newTransactionId(): Uint8Array {
    const id = new Uint8Array(12).fill(1)
    new DataView(id.buffer).setUint32(8, ++this.#transactions)
    return id
  }

  /** A nonce for that client, by way of a challenge. */
  nonce(client: TransportAddress = ann): string {
    const bare = new MessageBuilder(Method.refresh, MessageClass.request, this.newTransactionId())
    this.deliver(bare.build(), client)
    return this.reply().get(Nonce) ?? ''
  }

  deliver(bytes: Uint8Array, client: TransportAddress = ann, listener = 0): void {
    this.server.handleDatagram(this.now, listener, client, bytes)
  }

  /** The bytes of a signed request. */
  request(
    method: number,
    fill: Fill = () => {},
    client: TransportAddress = ann,
    by: Credentials = {},
  ): Uint8Array {
    const username = by.username ?? (client === bob ? 'bob' : 'ann')
    const password = by.password ?? (username === 'bob' ? 'hidden' : 'secret')
    const nonce = by.nonce ?? this.nonce(client)
    const message = new MessageBuilder(
      method,
      MessageClass.request,
      by.transactionId ?? this.newTransactionId(),
    )
    fill(message)
    if (by.without !== 'username') message.add(Username, username)
    if (by.without !== 'realm') message.add(Realm, by.realm ?? 'example.org')
    if (by.without !== 'nonce') message.add(Nonce, nonce)
    return message.sign(nodeCrypto, longTermKey(nodeCrypto, username, 'example.org', password)).finish()
  }

  /** Sends a signed request and returns the answer. */
  ask(
    method: number,
    fill: Fill = () => {},
    client: TransportAddress = ann,
    by: Credentials = {},
  ): StunMessage {
    this.deliver(this.request(method, fill, client, by), client)
    return this.reply()
  }

  /** The code that a request is refused with; 0 for a success. */
  codeOf(
    method: number,
    fill: Fill = () => {},
    client: TransportAddress = ann,
    by: Credentials = {},
  ): number {
    const answer = this.ask(method, fill, client, by)
    return answer.class === MessageClass.successResponse ? 0 : (answer.get(ErrorCode)?.code ?? -1)
  }

  /** The last datagram to a client, which must be STUN. */
  reply(): StunMessage {
    const sent = this.toClients.pop()
    const message = sent === undefined ? null : StunMessage.decode(sent.bytes)
    if (message === null) throw new Error('no STUN message was sent to a client')
    return message
  }

  allocate(client: TransportAddress = ann, lifetime?: number): this {
    const code = this.codeOf(
      Method.allocate,
      (message) => message.add(RequestedTransport, 17).addIf(Lifetime, lifetime),
      client,
    )
    if (code !== 0) throw new Error(`allocation refused with ${code}`)
    return this
  }

  /** Lets time pass; the server does what falls due meanwhile. */
  advance(ms: number): this {
    const end = Millis(this.now + ms)
    while (this.server.nextTimeout <= end) {
      this.now = Millis(Math.max(this.now, this.server.nextTimeout))
      this.server.handleTimeout(this.now)
      if (this.server.nextTimeout <= this.now) throw new Error('busy loop')
    }
    this.now = end
    return this
  }
}

/** What an Allocate request must have. */
export const udp = (message: MessageBuilder): MessageBuilder => message.add(RequestedTransport, 17)

/** The load of a server that holds nothing. */
export const NOTHING = { allocations: 0, opening: 0, users: 0, ports: 0, waiting: 0, connections: 0 } as const
