import { equalBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import { ClientKeyShares } from '../../extensions/key-share.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { decodeClientHello } from '../../messages/client-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { type Choice, choose } from './choice.ts'
import { invariantsOf } from './hello-invariants.ts'
import { sendServerFlight } from './server-flight.ts'

/** After a HelloRetryRequest: the same hello with the share that was asked for. */
export class ExpectSecondClientHello implements HandshakeState {
  readonly expects = 'clientHello'
  readonly #asked: Choice
  readonly #invariants: Uint8Array

  /** `invariants` are those of the first hello. */
  constructor(asked: Choice, invariants: Uint8Array) {
    this.#asked = asked
    this.#invariants = invariants
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.clientHello) throw unexpected(this, message)
    const hello = decodeClientHello(message.body)
    if (!equalBytes(invariantsOf(cx.config.crypto, hello), this.#invariants))
      throw new PeerMisbehaved('illegal-parameter', 'the second ClientHello is another one (RFC 8446 §4.1.2)')
    const choice = choose(cx.config, hello)
    const { group, suite } = this.#asked
    if (choice.share === null || choice.group !== group || choice.suite !== suite)
      throw new PeerMisbehaved('illegal-parameter', 'no share of the group that was asked for')
    if (hello.extensions.get(ClientKeyShares)?.length !== 1)
      throw new PeerMisbehaved('illegal-parameter', 'more shares than were asked for')
    cx.transcript.add(message.type, message.body)
    return sendServerFlight(cx, choice, choice.share)
  }
}
