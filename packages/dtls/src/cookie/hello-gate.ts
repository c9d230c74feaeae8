import { DecodeError, type Millis, Reader, Writer } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { handshakeHeaderLength, writeHandshakeHeader } from '../handshake/handshake-message.ts'
import { decodeClientHelloStart } from '../messages/client-hello.ts'
import { encodeHelloVerifyRequest } from '../dtls12/messages/hello-verify-request.ts'
import { ContentType } from '../protocol/content-type.ts'
import { HandshakeType } from '../protocol/handshake-type.ts'
import { isDtlsVersion, ProtocolVersion } from '../protocol/protocol-version.ts'
import { RecordHeader, writeRecordHeader, recordHeaderLength } from '../record/record-header.ts'
import { CookieJar } from './cookie-jar.ts'

/**
 * Decides about datagrams of clients that have shown nothing yet, and keeps no state whatever comes in: a server
 * under a flood of ClientHellos spends one HMAC each. Answers are no larger than what they answer.
 *
 * @example
 * const verdict = gate.examine(now, '192.0.2.1:5000', datagram)
 * if (verdict === 'accept') sessions.open(datagram) // with `cookie: 'verified-path'`
 * else if (verdict !== 'drop') socket.send(verdict) // HelloVerifyRequest
 */
export class HelloGate {
  readonly #jar: CookieJar
  readonly #header = new RecordHeader()

  constructor(crypto: CryptoProvider) {
    this.#jar = new CookieJar(crypto)
  }

  /**
   * `accept` where the datagram begins with a ClientHello and a cookie of ours in it; the datagram with a
   * HelloVerifyRequest where there is no good cookie; `drop` for all else.
   *
   * A ClientHello may come in fragments (Chromium's does). The first one holds all that the cookie vouches for, so it
   * alone is answered.
   */
  examine(now: Millis, clientAddress: string, datagram: Uint8Array): 'accept' | 'drop' | Uint8Array {
    const header = this.#header
    if (!header.read(datagram, 0)) return 'drop'
    if (header.contentType !== ContentType.handshake || header.epoch !== 0 || !isDtlsVersion(header.version))
      return 'drop'
    try {
      const reader = new Reader(datagram, header.start, header.end)
      if (reader.u8() !== HandshakeType.clientHello) return 'drop'
      reader.skip(3)
      const messageSequence = reader.u16()
      if (reader.u24() !== 0) return 'drop'
      const hello = decodeClientHelloStart(reader.sub(reader.u24()))
      if (this.#jar.check(now, clientAddress, hello, hello.cookie)) return 'accept'
      const cookie = this.#jar.bake(now, clientAddress, hello)
      return helloVerifyRequest(header.sequence, messageSequence, cookie)
    } catch (error) {
      if (error instanceof DecodeError) return 'drop'
      throw error
    }
  }
}

/** RFC 6347 §4.2.1: the record's sequence number is the client's, and the versions are those of DTLS 1.0. */
function helloVerifyRequest(recordSequence: number, messageSequence: number, cookie: Uint8Array): Uint8Array {
  const body = encodeHelloVerifyRequest(ProtocolVersion.dtls10, { cookie })
  const length = handshakeHeaderLength + body.length
  const writer = new Writer(recordHeaderLength + length)
  const header = writer.reserve(recordHeaderLength)
  writeRecordHeader(header, 0, ContentType.handshake, ProtocolVersion.dtls10, 0, recordSequence, length)
  writeHandshakeHeader(writer, HandshakeType.helloVerifyRequest, body.length, messageSequence, 0, body.length)
  writer.bytes(body)
  return writer.finish()
}
