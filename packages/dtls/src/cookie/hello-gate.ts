import { DecodeError, type Millis, Reader } from '@purertc/bytes'

import type { DtlsConfig } from '../config.ts'
import { permits, resolveConfig, type ResolvedConfig } from '../resolved-config.ts'
import { encodeHelloVerifyRequest } from '../dtls12/messages/hello-verify-request.ts'
import { choose, chooseProof } from '../dtls13/server/choice.ts'
import { invariantsOf } from '../dtls13/server/hello-invariants.ts'
import { encodeHelloRetryRequest } from '../dtls13/server/hello-retry-request.ts'
import { namePsks } from '../dtls13/server/psk-names.ts'
import { decodeRetryCookie, encodeRetryCookie, type RetryCookie } from '../dtls13/server/retry-cookie.ts'
import { takesPsks } from '../dtls13/server/select-psk.ts'
import { Transcript } from '../dtls13/transcript.ts'
import { PeerMisbehaved } from '../errors.ts'
import { Cookie } from '../extensions/cookie.ts'
import { chooseVersion } from '../handshake/choose-version.ts'
import { decodeHandshakeFragment, type HandshakeFragment } from '../handshake/handshake-fragment.ts'
import { decodeClientHello, decodeClientHelloStart } from '../messages/client-hello.ts'
import { ContentType } from '../protocol/content-type.ts'
import { HandshakeType } from '../protocol/handshake-type.ts'
import { isDtlsVersion, ProtocolVersion } from '../protocol/protocol-version.ts'
import { RecordHeader } from '../record/record-header.ts'
import { CookieJar } from './cookie-jar.ts'
import { findCookie } from './find-cookie.ts'
import { PartialHellos } from './partial-hellos.ts'
import { alertReply, handshakeReply } from './stateless-reply.ts'

/** `accept`: the client has shown that it receives where it sends from. A datagram is to be sent to it. */
export type GateVerdict = 'accept' | 'drop' | Uint8Array

/**
 * Decides about datagrams of clients that have shown nothing yet, and remembers none of them whatever comes in: a server
 * under a flood of ClientHellos spends a hash and an HMAC each. Answers are no larger than what they answer.
 *
 * @example
 * const gate = new HelloGate(config)
 * const verdict = gate.examine(now, '192.0.2.1:5000', datagram)
 * if (verdict === 'accept') sessions.open(datagram) // with `cookie: 'verified-path'`, and `gate`
 * else if (verdict !== 'drop') socket.send(verdict) // HelloVerifyRequest or HelloRetryRequest
 */
export class HelloGate {
  readonly #config: ResolvedConfig
  readonly #jar: CookieJar
  readonly #partial = new PartialHellos()
  readonly #header = new RecordHeader()

  /** The configuration of the associations behind the gate. Throws `DtlsError` `invalid-config`. */
  constructor(config: DtlsConfig) {
    this.#config = resolveConfig({ ...config, cookie: 'verified-path' })
    this.#jar = new CookieJar(config.crypto)
  }

  /**
   * `accept` where the datagram begins with a ClientHello and a cookie of ours in it; the datagram with a
   * HelloRetryRequest (RFC 9147 §5.1) or HelloVerifyRequest (RFC 6347 §4.2.1) where there is no good cookie, or with an
   * alert where there could not be an association; `drop` for all else.
   */
  examine(now: Millis, clientAddress: string, datagram: Uint8Array): GateVerdict {
    this.#jar.rotate(now)
    const header = this.#header
    for (let at = 0; at < datagram.length; at = header.end) {
      if (!header.read(datagram, at)) return 'drop'
      if (
        header.contentType !== ContentType.handshake ||
        header.epoch !== 0 ||
        !isDtlsVersion(header.version)
      )
        return 'drop'
      const verdict = this.#examineRecord(now, clientAddress, new Reader(datagram, header.start, header.end))
      if (verdict !== 'drop') return verdict
    }
    return 'drop'
  }

  /** What a cookie of DTLS 1.3 says, null where it is not ours or not this client's. */
  openCookie(clientAddress: string, cookie: Uint8Array): RetryCookie | null {
    const content = this.#jar.open(clientAddress, cookie)
    return content === null ? null : decodeRetryCookie(content)
  }

  #examineRecord(now: Millis, clientAddress: string, reader: Reader): GateVerdict {
    try {
      const fragment = decodeHandshakeFragment(reader)
      if (fragment.type !== HandshakeType.clientHello) return 'drop'
      return this.#examineFragment(now, clientAddress, fragment)
    } catch (error) {
      if (error instanceof DecodeError) return 'drop'
      if (error instanceof PeerMisbehaved)
        return alertReply(this.#header.sequence, this.#header.version, error.alert)
      throw error
    }
  }

  #examineFragment(now: Millis, clientAddress: string, fragment: HandshakeFragment): GateVerdict {
    // Whatever cookie there is, is in the first fragment, which is therefore enough to be let in.
    if (fragment.offset === 0 && this.#hasGoodCookie(now, clientAddress, fragment.bytes)) return 'accept'
    if (!permits(this.#config, ProtocolVersion.dtls13)) {
      // A cookie of DTLS 1.2 vouches for what stands in the first fragment, which alone is answered.
      return fragment.offset === 0
        ? this.#askByHelloVerify(now, clientAddress, fragment, fragment.bytes)
        : 'drop'
    }
    const body =
      fragment.bytes.length === fragment.length
        ? fragment.bytes
        : this.#partial.insert(clientAddress, fragment)
    return body === null ? 'drop' : this.#answer(now, clientAddress, fragment, body)
  }

  #hasGoodCookie(now: Millis, clientAddress: string, bytes: Uint8Array): boolean {
    const reader = new Reader(bytes)
    const hello = decodeClientHelloStart(reader)
    if (hello.cookie.length > 0) return this.#jar.check(now, clientAddress, hello, hello.cookie)
    const cookie = findCookie(reader)
    return cookie !== null && this.openCookie(clientAddress, cookie) !== null
  }

  /** The hello is whole. */
  #answer(now: Millis, clientAddress: string, fragment: HandshakeFragment, body: Uint8Array): GateVerdict {
    const hello = decodeClientHello(body)
    if (chooseVersion(this.#config, hello) !== ProtocolVersion.dtls13)
      return this.#askByHelloVerify(now, clientAddress, fragment, body)
    // RFC 9147 §5.1: with an alert the client can start anew. A second HelloRetryRequest is more than it may take.
    if (hello.extensions.has(Cookie))
      throw new PeerMisbehaved('illegal-parameter', 'a cookie that is not ours, or not any more')
    const { crypto } = this.#config
    const { suite, group, share } = choose(this.#config, hello)
    if (!takesPsks(hello)) chooseProof(this.#config, hello)
    const transcript = new Transcript()
    transcript.add(HandshakeType.clientHello, body)
    const asked: RetryCookie = {
      cipherSuite: suite.id,
      group: share === null ? group.id : null,
      invariants: invariantsOf(crypto, hello),
      psks: namePsks(crypto, hello),
      clientHelloHash: transcript.digest(crypto, suite.hash),
    }
    const cookie = this.#jar.seal(now, clientAddress, encodeRetryCookie(asked))
    return handshakeReply(
      this.#header.sequence,
      ProtocolVersion.dtls12,
      HandshakeType.serverHello,
      fragment.sequence,
      encodeHelloRetryRequest(asked.cipherSuite, asked.group, cookie),
    )
  }

  /** RFC 6347 §4.2.1: the record's sequence number is the client's, and the versions are those of DTLS 1.0. */
  #askByHelloVerify(
    now: Millis,
    clientAddress: string,
    fragment: HandshakeFragment,
    bytes: Uint8Array,
  ): Uint8Array {
    const hello = decodeClientHelloStart(new Reader(bytes))
    const cookie = this.#jar.bake(now, clientAddress, hello)
    return handshakeReply(
      this.#header.sequence,
      ProtocolVersion.dtls10,
      HandshakeType.helloVerifyRequest,
      fragment.sequence,
      encodeHelloVerifyRequest(ProtocolVersion.dtls10, { cookie }),
    )
  }
}
