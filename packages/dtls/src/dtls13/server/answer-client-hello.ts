import { Extensions } from '../../extensions/extensions.ts'
import { RetryGroup } from '../../extensions/key-share.ts'
import { SelectedVersion } from '../../extensions/supported-versions.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { encodeServerHello } from '../../messages/server-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { HandshakeContext, HandshakeState } from '../handshake-state.ts'
import { helloRetryRandom } from '../hello-retry.ts'
import { type Choice, choose } from './choice.ts'
import { ExpectSecondClientHello } from './expect-second-client-hello.ts'
import { invariantsOf } from './hello-invariants.ts'
import { sendServerFlight } from './server-flight.ts'

/** A client speaks DTLS 1.3 with us: it gets the whole flight, or a HelloRetryRequest where its shares are of no use. */
export function answerClientHello(
  cx: HandshakeContext,
  hello: ClientHello,
  message: HandshakeMessage,
): HandshakeState {
  const choice = choose(cx.config, hello)
  cx.transcript.add(message.type, message.body)
  return choice.share === null ? askForShare(cx, hello, choice) : sendServerFlight(cx, choice, choice.share)
}

/** RFC 8446 §4.1.4. */
function askForShare(cx: HandshakeContext, hello: ClientHello, choice: Choice): HandshakeState {
  const { crypto } = cx.config
  cx.transcript.startFromHash(cx.transcript.digest(crypto, choice.suite.hash))
  cx.flight.begin()
  cx.flight.message(HandshakeType.serverHello, encodeHelloRetry(choice.suite.id, choice.group.id, null))
  cx.flight.end()
  return new ExpectSecondClientHello(choice, invariantsOf(crypto, hello))
}

/** Also made without state, and then made again: it must not depend on anything else. */
export function encodeHelloRetry(
  cipherSuite: number,
  group: number | null,
  _cookie: Uint8Array | null,
): Uint8Array {
  const extensions = new Extensions().set(SelectedVersion, ProtocolVersion.dtls13)
  if (group !== null) extensions.set(RetryGroup, group)
  return encodeServerHello({
    version: ProtocolVersion.dtls12,
    random: helloRetryRandom,
    sessionId: new Uint8Array(0),
    cipherSuite,
    compressionMethod: 0,
    extensions,
  })
}
