import { PeerMisbehaved } from '../../errors.ts'
import { Cookie } from '../../extensions/cookie.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { decodeClientHello } from '../../messages/client-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { acceptSecondHello, type Asked } from './accept-second-hello.ts'

/** After a HelloRetryRequest that we remember, and that gave no cookie. */
export class ExpectSecondClientHello implements HandshakeState {
  readonly expects = 'clientHello'
  readonly #asked: Asked

  constructor(asked: Asked) {
    this.#asked = asked
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.clientHello) throw unexpected(this, message)
    const hello = decodeClientHello(message.body)
    if (hello.extensions.has(Cookie))
      throw new PeerMisbehaved('illegal-parameter', 'a cookie that nobody gave')
    return acceptSecondHello(cx, this.#asked, hello, message)
  }
}
