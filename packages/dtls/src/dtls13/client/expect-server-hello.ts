import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { decodeServerHello } from '../../messages/server-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { isHelloRetry } from '../hello-retry.ts'
import type { ClientOffer } from './client-offer.ts'
import { acceptServerHello, type Retry } from './accept-server-hello.ts'

/** After a HelloRetryRequest, and never after a second one. */
export class ExpectServerHello implements HandshakeState {
  readonly expects = 'serverHello'
  readonly #offer: ClientOffer
  readonly #retry: Retry

  constructor(offer: ClientOffer, retry: Retry) {
    this.#offer = offer
    this.#retry = retry
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.serverHello) throw unexpected(this, message)
    const hello = decodeServerHello(message.body)
    if (isHelloRetry(hello.random)) throw unexpected(this, message)
    return acceptServerHello(cx, this.#offer, hello, message, this.#retry)
  }
}
