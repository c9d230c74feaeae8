import { Writer } from '@purertc/bytes'
import type { CryptoProvider, HashAlgorithm } from '@purertc/crypto'

import { writeHandshakeHeader } from './handshake-message.ts'

/**
 * All handshake messages so far, in order, each as if it had been sent in one fragment (RFC 6347 §4.2.6). Kept as
 * bytes and not as a running hash: CertificateVerify signs the bytes, and the hash depends on a suite that is chosen
 * only after the first message.
 */
export class Transcript {
  #writer = new Writer(0)

  add(type: number, sequence: number, body: Uint8Array): void {
    writeHandshakeHeader(this.#writer, type, body.length, sequence, 0, body.length)
    this.#writer.bytes(body)
  }

  /**
   * Forgets all: a ClientHello that was answered with HelloVerifyRequest (RFC 6347 §4.2.6), or a handshake that is
   * over.
   */
  clear(): void {
    this.#writer = new Writer(0)
  }

  /** Borrowed until the next message is added. */
  view(): Uint8Array {
    return this.#writer.view()
  }

  digest(crypto: CryptoProvider, algorithm: HashAlgorithm): Uint8Array {
    return crypto.hash(algorithm, this.#writer.view())
  }
}
