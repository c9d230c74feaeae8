import { Writer } from '@purertc/bytes'
import type { CryptoProvider, HashAlgorithm } from '@purertc/crypto'

import { HandshakeType } from '../protocol/handshake-type.ts'

/**
 * All handshake messages so far, with the header that they have in TLS: in DTLS 1.3 neither numbers nor fragments enter
 * the hash (RFC 9147 §5.2). Kept as bytes, since the hash depends on a suite that is chosen only after the first
 * message.
 */
export class Transcript {
  #writer = new Writer(4_096)

  add(type: number, body: Uint8Array): void {
    this.#writer.u8(type)
    this.#writer.u24(body.length)
    this.#writer.bytes(body)
  }

  /**
   * After HelloRetryRequest a hash stands in for the first ClientHello, so that a server need not keep it: RFC 8446
   * §4.4.1.
   */
  startFromHash(clientHelloHash: Uint8Array): void {
    this.clear()
    this.add(HandshakeType.messageHash, clientHelloHash)
  }

  digest(crypto: CryptoProvider, algorithm: HashAlgorithm): Uint8Array {
    return crypto.hash(algorithm, this.#writer.view())
  }

  /** The hash as if a further message, cut off after `bytes`, had been added: for binders, RFC 8446 §4.2.11.2. */
  digestWith(
    crypto: CryptoProvider,
    algorithm: HashAlgorithm,
    type: number,
    length: number,
    bytes: Uint8Array,
  ): Uint8Array {
    const header = Uint8Array.of(type, length >>> 16, length >>> 8, length)
    return crypto.hash(algorithm, this.#writer.view(), header, bytes)
  }

  /** The handshake is over. */
  clear(): void {
    this.#writer = new Writer(0)
  }
}
