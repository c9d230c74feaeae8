import { Counters } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { MessageBuilder, Software, type StatusCode, type TransportAddress } from '@purertc/stun'

import type { Signer } from './allocation.ts'

/** Where an answer goes. */
export interface Destination {
  readonly listener: number
  readonly client: TransportAddress
}

/** Signs, counts and sends the answers of a server. */
export class Responder {
  /** Answers by kind: `success`, or the error code. */
  readonly answered: Counters<'success' | `${number}`> = new Counters()
  readonly #crypto: CryptoProvider
  readonly #software: string | undefined
  readonly #transmit: (listener: number, client: TransportAddress, bytes: Uint8Array) => void

  constructor(
    crypto: CryptoProvider,
    software: string | undefined,
    transmit: (listener: number, client: TransportAddress, bytes: Uint8Array) => void,
  ) {
    this.#crypto = crypto
    this.#software = software
    this.#transmit = transmit
  }

  succeed(to: Destination, signer: Signer, write: (response: MessageBuilder) => void): void {
    const response = MessageBuilder.success(signer)
    write(response)
    this.answered.count('success')
    this.#send(to, response, signer)
  }

  /** `write` adds what goes with the code. */
  refuse(
    to: Destination,
    signer: Signer,
    code: StatusCode,
    write?: (response: MessageBuilder) => void,
  ): void {
    const response = MessageBuilder.error(signer, code)
    write?.(response)
    this.answered.count(`${code}`)
    this.#send(to, response, signer)
  }

  /** Refuses somebody whom we do not know, in a response that the authenticator wrote. */
  challenge(to: Destination, response: MessageBuilder, code: number, fingerprint: boolean): void {
    this.answered.count(`${code}`)
    response.addIf(Software, this.#software)
    this.#transmit(to.listener, to.client, fingerprint ? response.finish() : response.build())
  }

  #send({ listener, client }: Destination, response: MessageBuilder, signer: Signer): void {
    const { key, integrity, fingerprint } = signer
    response.addIf(Software, this.#software).sign(this.#crypto, key, integrity)
    this.#transmit(listener, client, fingerprint ? response.finish() : response.build())
  }
}
