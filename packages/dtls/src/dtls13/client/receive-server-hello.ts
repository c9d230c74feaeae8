import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { encodeClientHello } from '../../messages/client-hello.ts'
import { decodeServerHello } from '../../messages/server-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { HandshakeContext, HandshakeState } from '../handshake-state.ts'
import { isHelloRetry } from '../hello-retry.ts'
import { acceptServerHello } from './accept-server-hello.ts'
import type { ClientOffer } from './client-offer.ts'
import { retryClientHello } from './retry-client-hello.ts'

/** The first message of a server of DTLS 1.3, which has decided for it. */
export function receiveFirstHello(
  cx: HandshakeContext,
  offer: ClientOffer,
  message: HandshakeMessage,
): HandshakeState {
  cx.records.setVersion(ProtocolVersion.dtls12)
  cx.transcript.add(HandshakeType.clientHello, encodeClientHello(offer.hello))
  const hello = decodeServerHello(message.body)
  return isHelloRetry(hello.random)
    ? retryClientHello(cx, offer, hello, message)
    : acceptServerHello(cx, offer, hello, message, null)
}
