import { copyBytes } from '@purertc/bytes'

import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { Randoms } from '../keys/key-schedule.ts'
import { decodePskServerKeyExchange } from '../messages/server-key-exchange.ts'
import type { Negotiated12 } from '../negotiated.ts'
import { acceptGroup } from './accept-group.ts'
import { ExpectServerHelloDone } from './expect-server-hello-done.ts'
import type { SharedKey } from './server-offer.ts'

/**
 * A server of shared keys sends no certificate and asks for none; without a hint and an ephemeral key it has nothing
 * to say here at all. RFC 4279 §2.
 */
export class ExpectPskServerKeyExchange implements HandshakeState {
  readonly expects: string
  readonly #negotiated: Negotiated12
  readonly #randoms: Randoms
  readonly #isEphemeral: boolean

  constructor(negotiated: Negotiated12, randoms: Randoms) {
    this.#negotiated = negotiated
    this.#randoms = randoms
    this.#isEphemeral = negotiated.suite.keyExchange === 'ecdhe_psk'
    this.expects = this.#isEphemeral ? 'serverKeyExchange' : 'serverKeyExchange or serverHelloDone'
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type === HandshakeType.serverHelloDone && !this.#isEphemeral)
      return this.#next({ kind: 'shared', hint: null, ephemeral: null }).handle(message, cx)
    if (message.type !== HandshakeType.serverKeyExchange) throw unexpected(this, message)
    const { hint, ecdh } = decodePskServerKeyExchange(message.body, this.#isEphemeral)
    cx.transcript.add(message.type, message.sequence, message.body)
    return this.#next({
      kind: 'shared',
      // RFC 5489 §2 has a field for the hint where there is none to give.
      hint: hint.length === 0 ? null : copyBytes(hint),
      ephemeral: ecdh && { group: acceptGroup(cx.config, ecdh.group), publicKey: copyBytes(ecdh.publicKey) },
    })
  }

  #next(key: SharedKey): ExpectServerHelloDone {
    return new ExpectServerHelloDone({ negotiated: this.#negotiated, randoms: this.#randoms, key }, null)
  }
}
