import type { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, type LinkConditions, Simulation } from '@purertc/netsim'

import {
  type BindingResult,
  MessageBuilder,
  MessageClass,
  Method,
  StunClient,
  type StunClientConfig,
  type StunError,
  StunMessage,
  StunServer,
  type StunServerConfig,
  type TransportAddress,
  transportAddress,
} from '../src/index.ts'

export const serverAddress = transportAddress('198.51.100.1', 3478)
export const otherAddress = transportAddress('198.51.100.2', 3478)

export type Outcome = { request: number; mapped?: TransportAddress; code?: StunError['code']; at?: number }

/** A client and a server with a bad line between them. Whatever address the client sends to, the server has it. */
export class Pair {
  readonly simulation: Simulation
  readonly clientAddress = transportAddress('192.0.2.7', 4242)
  readonly client: StunClient
  readonly server: StunServer
  readonly outcomes: Outcome[] = []
  readonly results: BindingResult[] = []
  readonly errors: StunError[] = []
  readonly sentTo: TransportAddress[] = []
  readonly toServer: StunMessage[] = []
  readonly toClient: StunMessage[] = []
  prepare: (builder: MessageBuilder) => void = () => undefined
  onFailure: () => void = () => undefined
  /** Replaces what the server answers. */
  alter: (answer: StunMessage) => Uint8Array = (answer) => answer.wire

  constructor(
    options: {
      client?: Partial<StunClientConfig>
      server?: Partial<StunServerConfig>
      link?: LinkConditions
      seed?: number
    } = {},
  ) {
    this.simulation = new Simulation({ seed: options.seed ?? 1, start: 0 })
    const conditions = options.link ?? { latency: 10 }
    const up = new Link(this.simulation, conditions, (now, bytes) =>
      this.server.handleDatagram(now, this.clientAddress, serverAddress, bytes),
    )
    const down = new Link(
      this.simulation,
      conditions,
      (now, bytes) => void this.client.handleDatagram(now, bytes),
    )
    this.server = new StunServer(
      { crypto: this.simulation.seeded(nodeCrypto), ...options.server },
      {
        transmit: (_to, bytes) => {
          const answer = this.alter(decode(bytes))
          this.toClient.push(decode(answer).copy())
          down.send(answer)
        },
      },
    )
    this.client = new StunClient(
      { crypto: this.simulation.seeded(nodeCrypto), server: serverAddress, ...options.client },
      {
        transmit: (to, bytes) => {
          this.sentTo.push(to)
          this.toServer.push(decode(bytes).copy())
          up.send(bytes)
        },
        preparing: (builder) => this.prepare(builder),
        succeeded: (_now, request, result) => {
          this.results.push(result)
          this.outcomes.push({ request, mapped: result.mapped })
        },
        failed: (now, request, error) => {
          this.errors.push(error)
          this.outcomes.push({ request, code: error.code, at: now })
          this.onFailure()
        },
      },
    )
    this.simulation.attach(this.client)
  }

  get now(): Millis {
    return this.simulation.now
  }
}

export function request(): MessageBuilder {
  return new MessageBuilder(
    Method.binding,
    MessageClass.request,
    Uint8Array.from({ length: 12 }, (_, i) => i),
  )
}

export function decode(bytes: Uint8Array): StunMessage {
  const message = StunMessage.decode(bytes)
  if (message === null) throw new Error('not well-formed')
  return message
}
