import { DecodeError } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { agree } from '../../keys/key-agreement.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { ServerPsk } from '../../protocol/psk.ts'
import { admitAnonymous, authenticateByPsk, type PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { mixPsk, type PskMixed } from '../../proofs/psk-mixed.ts'
import { KeySchedule } from '../keys/key-schedule.ts'
import { decodeClientKeyExchange } from '../messages/client-key-exchange.ts'
import { ExpectCertificateVerify } from './expect-certificate-verify.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'
import type { KeysAgreed, ServerHelloSent } from './progress.ts'

export class ExpectClientKeyExchange implements HandshakeState {
  readonly expects = 'clientKeyExchange'
  readonly #sent: ServerHelloSent
  readonly #certified: PeerVerified | null

  /** `certified` is null where the client showed no certificate. */
  constructor(sent: ServerHelloSent, certified: PeerVerified | null) {
    this.#sent = sent
    this.#certified = certified
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.clientKeyExchange) throw unexpected(this, message)
    const { negotiated, randoms, ephemeral } = this.#sent
    const { crypto } = cx.config
    const { identity, publicKey } = decodeClientKeyExchange(message.body, negotiated.suite.keyExchange)
    const secret = ephemeral && publicKey && agree(ephemeral.keyExchange, publicKey)
    const psk = identity && mixPsk(identity, findKey(cx.config.serverPsk, identity), secret)
    const preMasterSecret = psk?.preMasterSecret ?? secret
    if (preMasterSecret === null) throw new DecodeError('invalid', 'no key exchange')
    cx.transcript.add(message.type, message.sequence, message.body)
    const keys = KeySchedule.extended(crypto, negotiated.suite, randoms, preMasterSecret, cx.transcript)
    keys.log(cx.config.keyLog)
    const protections = keys.recordProtections(cx.connectionIds.bySender(cx.config.role))
    cx.expectProtected(protections.client)
    const agreed: KeysAgreed = { ...this.#sent, keys, protection: protections.server }
    return this.#certified === null
      ? new ExpectClientFinished({ ...agreed, peer: this.#identify(cx, psk) })
      : new ExpectCertificateVerify(agreed, this.#certified)
  }

  #identify({ config }: HandshakeContext, psk: PskMixed | null): PeerAuthenticated {
    return psk === null ? admitAnonymous(config) : authenticateByPsk(psk)
  }
}

/** RFC 4279 §2: the server MAY say that it does not know the identity, and a host may give it a random key instead. */
function findKey(psk: ServerPsk | null, identity: Uint8Array): Uint8Array {
  const key = psk?.key(identity) ?? null
  if (key === null) throw new PeerMisbehaved('unknown-psk-identity', 'no shared key by this name')
  return key
}
