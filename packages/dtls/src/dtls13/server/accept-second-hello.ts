import { equalBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import { ClientKeyShares } from '../../extensions/key-share.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { typeLengthsOfDtls13 } from '../../record/record-sizes.ts'
import type { HandshakeContext, HandshakeState } from '../handshake-state.ts'
import { choose } from './choice.ts'
import { invariantsOf } from './hello-invariants.ts'
import { checkPsks } from './psk-names.ts'
import type { RetryCookie } from './retry-cookie.ts'
import { selectPsk } from './select-psk.ts'
import { sendServerFlight } from './server-flight.ts'

/** What a HelloRetryRequest asked for. */
export type Asked = Omit<RetryCookie, 'clientHelloHash'>

/** The second ClientHello, RFC 8446 §4.1.2: the first one again, with what was asked for. Throws `PeerMisbehaved`. */
export function acceptSecondHello(
  cx: HandshakeContext,
  asked: Asked,
  hello: ClientHello,
  message: HandshakeMessage,
): HandshakeState {
  if (!equalBytes(invariantsOf(cx.config.crypto, hello), asked.invariants))
    throw new PeerMisbehaved('illegal-parameter', 'the second ClientHello is another one (RFC 8446 §4.1.2)')
  checkPsks(cx.config.crypto, hello, asked.psks)
  const choice = choose(cx.config, hello)
  const { suite, share } = choice
  if (share === null || suite.id !== asked.cipherSuite)
    throw new PeerMisbehaved('illegal-parameter', 'no share of the group that was asked for')
  if (asked.group !== null) {
    const shares = hello.extensions.get(ClientKeyShares) ?? []
    if (choice.group.id !== asked.group || shares.length !== 1)
      throw new PeerMisbehaved('illegal-parameter', 'other shares than were asked for')
  }
  cx.connectionIds.receive(hello.extensions)
  cx.recordSizes.agree(cx.config, hello.extensions, typeLengthsOfDtls13)
  const selected = selectPsk(cx, suite, hello, message)
  cx.transcript.add(message.type, message.body)
  return sendServerFlight(cx, hello, { choice, share, selected })
}
