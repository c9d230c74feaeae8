import { copyBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import { Cookie } from '../../extensions/cookie.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { typeLengthsOfDtls13 } from '../../record/record-sizes.ts'
import type { HandshakeContext, HandshakeState } from '../handshake-state.ts'
import { acceptSecondHello } from './accept-second-hello.ts'
import { type Choice, choose } from './choice.ts'
import { ExpectSecondClientHello } from './expect-second-client-hello.ts'
import { encodeHelloRetryRequest } from './hello-retry-request.ts'
import { invariantsOf } from './hello-invariants.ts'
import { namePsks } from './psk-names.ts'
import { selectPsk } from './select-psk.ts'
import { sendServerFlight } from './server-flight.ts'

/**
 * A client speaks DTLS 1.3 with us: it gets the whole flight, or a HelloRetryRequest where its shares are of no use. One
 * with a cookie was sent a HelloRetryRequest before there was a state to remember it.
 */
export function answerClientHello(
  cx: HandshakeContext,
  hello: ClientHello,
  message: HandshakeMessage,
): HandshakeState {
  const cookie = hello.extensions.get(Cookie)
  if (cookie !== undefined) return goOnFromCookie(cx, hello, message, copyBytes(cookie))
  const choice = choose(cx.config, hello)
  const { suite, share } = choice
  const selected = selectPsk(cx, suite, hello, message)
  cx.transcript.add(message.type, message.body)
  if (share === null) return askForShare(cx, hello, choice)
  cx.connectionIds.receive(hello.extensions)
  cx.recordSizes.agree(cx.config, hello.extensions, typeLengthsOfDtls13)
  return sendServerFlight(cx, hello, { choice, share, selected })
}

function askForShare(cx: HandshakeContext, hello: ClientHello, { suite, group }: Choice): HandshakeState {
  const { crypto } = cx.config
  cx.transcript.startFromHash(cx.transcript.digest(crypto, suite.hash))
  cx.flight.begin()
  cx.flight.message(HandshakeType.serverHello, encodeHelloRetryRequest(suite.id, group.id, null))
  cx.flight.end()
  const invariants = invariantsOf(crypto, hello)
  const psks = namePsks(crypto, hello)
  return new ExpectSecondClientHello({ cipherSuite: suite.id, group: group.id, invariants, psks })
}

function goOnFromCookie(
  cx: HandshakeContext,
  hello: ClientHello,
  message: HandshakeMessage,
  cookie: Uint8Array,
): HandshakeState {
  const asked = cx.config.gate?.openCookie(cx.config.clientAddress, cookie) ?? null
  if (asked === null) throw new PeerMisbehaved('illegal-parameter', 'a cookie that is not ours')
  cx.transcript.startFromHash(asked.clientHelloHash)
  const retry = encodeHelloRetryRequest(asked.cipherSuite, asked.group, cookie)
  cx.transcript.add(HandshakeType.serverHello, retry)
  return acceptSecondHello(cx, asked, hello, message)
}
