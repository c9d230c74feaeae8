import { nodeCrypto } from '@purertc/crypto/node'
import type { SimHost, SimSocket, Simulation } from '@purertc/netsim'
import {
  IceControlled,
  IceControlling,
  MessageBuilder,
  MessageClass,
  Method,
  Priority,
  shortTermKey,
  StunMessage,
  type TransportAddress,
  UseCandidate,
  Username,
  XorMappedAddress,
} from '@purertc/stun'

import type { IceCandidate, IceCredentials } from '../../src/index.ts'

export interface RequestOptions {
  readonly username?: string
  readonly password?: string
  readonly priority?: number | null
  readonly controlling?: bigint
  readonly controlled?: bigint
  readonly nominate?: boolean
  /** Default 'sha1'; 'none': no MESSAGE-INTEGRITY. */
  readonly integrity?: 'sha1' | 'none'
}

/** A peer with a socket and credentials, but without manners: the test writes every message, and sees every one. */
export class ScriptedPeer {
  readonly credentials: IceCredentials = {
    usernameFragment: 'script',
    password: 'scriptedPasswordOf28Letters0',
  }
  readonly socket: SimSocket
  readonly requests: StunMessage[] = []
  readonly responses: StunMessage[] = []
  readonly data: string[] = []
  /** What to answer a request; `null`: nothing. Default: success. */
  respond: (request: StunMessage, from: TransportAddress) => Uint8Array | null = (request, from) =>
    this.success(request, from)
  readonly #target: IceCredentials
  #transaction = 0

  /** `target`: the agent's credentials. */
  constructor(_sim: Simulation, host: SimHost, target: IceCredentials) {
    this.#target = target
    this.socket = host.bind({
      received: (_now, from, bytes) => {
        const message = StunMessage.decode(bytes)?.copy()
        if (message === undefined) {
          this.data.push(new TextDecoder().decode(bytes))
        } else if (message.class === MessageClass.request) {
          this.requests.push(message)
          const response = this.respond(message, from)
          if (response !== null) this.socket.send(from, response)
        } else {
          this.responses.push(message)
        }
      },
    })
  }

  get candidate(): IceCandidate {
    const { address, port } = this.socket.local
    return {
      foundation: '1',
      component: 1,
      transport: 'udp',
      priority: 2_130_706_431,
      address,
      port,
      type: 'host',
    }
  }

  get key(): Uint8Array {
    return shortTermKey(this.credentials.password)
  }

  success(request: StunMessage, mapped: TransportAddress, key = this.key): Uint8Array {
    return MessageBuilder.success(request).add(XorMappedAddress, mapped).sign(nodeCrypto, key).finish()
  }

  error(request: StunMessage, code: number, key = this.key): Uint8Array {
    return MessageBuilder.error(request, code).sign(nodeCrypto, key).finish()
  }

  request(options: RequestOptions = {}): Uint8Array {
    const id = new Uint8Array(12)
    new DataView(id.buffer).setUint32(8, ++this.#transaction)
    const message = new MessageBuilder(Method.binding, MessageClass.request, id)
    const { usernameFragment, password } = this.#target
    message.add(Username, options.username ?? `${usernameFragment}:${this.credentials.usernameFragment}`)
    if (options.priority !== null) message.add(Priority, options.priority ?? 1_862_270_975)
    message.addIf(IceControlling, options.controlling).addIf(IceControlled, options.controlled)
    message.addIf(UseCandidate, options.nominate === true ? true : undefined)
    if (options.integrity !== 'none') message.sign(nodeCrypto, shortTermKey(options.password ?? password))
    return message.finish()
  }

  send(to: TransportAddress, bytes: Uint8Array | string): void {
    this.socket.send(to, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  }
}
