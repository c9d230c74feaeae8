import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { verifyPeer } from '../../proofs/peer-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { readChain } from '../certificate-chain.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { ExpectCertificateVerify } from './expect-certificate-verify.ts'
import type { ServerAnswer } from './server-choice.ts'

export class ExpectCertificate implements HandshakeState {
  readonly expects = 'certificate'
  readonly #answer: ServerAnswer
  readonly #requested: readonly number[] | null

  /** `requested` are the schemes that the server would verify our certificate by, null where it wants none. */
  constructor(answer: ServerAnswer, requested: readonly number[] | null) {
    this.#answer = answer
    this.#requested = requested
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificate) throw unexpected(this, message)
    const chain = readChain(message.body)
    if (chain.length === 0) throw new PeerMisbehaved('decode', 'a server without certificate')
    const peer = verifyPeer(cx.config, chain)
    cx.transcript.add(message.type, message.body)
    return new ExpectCertificateVerify(this.#answer, peer, this.#requested)
  }
}
