import { copyBytes, Writer } from '@purertc/bytes'
import { aeadSizes, type CryptoProvider } from '@purertc/crypto'

import { type KeyLog, keyLogLine } from '../../keys/key-log.ts'
import type { Transcript } from '../../handshake/transcript.ts'
import type { CipherSuite12 } from '../../protocol/cipher-suite.ts'
import { AeadProtection } from '../record/aead-protection.ts'
import { ConnectionIdProtection } from '../record/connection-id-protection.ts'
import type { RecordProtection } from '../../record/record-protection.ts'
import { prf } from './prf.ts'

/** The two ends of an association, as the key schedule names them. */
export type Sender = 'client' | 'server'

/** What the hellos have settled. */
export interface Randoms {
  readonly client: Uint8Array
  readonly server: Uint8Array
}

/** Everything that is derived from the secret of one handshake of DTLS 1.2. */
export class KeySchedule {
  readonly #crypto: CryptoProvider
  readonly #suite: CipherSuite12
  readonly #randoms: Randoms
  readonly #masterSecret: Uint8Array

  /** Of a master secret that there is already: that of a session which is resumed. */
  constructor(crypto: CryptoProvider, suite: CipherSuite12, randoms: Randoms, masterSecret: Uint8Array) {
    this.#crypto = crypto
    this.#suite = suite
    this.#randoms = { client: copyBytes(randoms.client), server: copyBytes(randoms.server) }
    this.#masterSecret = masterSecret
  }

  /**
   * The extended master secret, RFC 7627 §4: bound to all messages up to ClientKeyExchange, which is the last one in
   * `transcript` now.
   */
  static extended(
    crypto: CryptoProvider,
    suite: CipherSuite12,
    randoms: Randoms,
    preMasterSecret: Uint8Array,
    transcript: Transcript,
  ): KeySchedule {
    const sessionHash = transcript.digest(crypto, suite.hash)
    const label = 'extended master secret'
    const masterSecret = prf(crypto, suite.hash, preMasterSecret, label, [sessionHash], 48)
    return new KeySchedule(crypto, suite, randoms, masterSecret)
  }

  /** For a session that is to be resumed. */
  get masterSecret(): Uint8Array {
    return this.#masterSecret
  }

  /** Tells the secret to whoever is to read the traffic. */
  log(keyLog: KeyLog | undefined): void {
    keyLog?.(keyLogLine('CLIENT_RANDOM', this.#randoms.client, this.#masterSecret))
  }

  /** Keys for the records of each end, RFC 5246 §6.3; `ids` are the connection IDs in them, empty for none. */
  recordProtections(ids: Readonly<Record<Sender, Uint8Array>>): Readonly<Record<Sender, RecordProtection>> {
    const { aead } = this.#suite
    const { key: keyLength } = aeadSizes[aead]
    // RFC 5288 §3 and RFC 6655 §3 for AES; RFC 7905 §2 has no explicit part.
    const fixedIvLength = aead === 'chacha20-poly1305' ? 12 : 4
    const seed = [this.#randoms.server, this.#randoms.client]
    const block = this.#expand('key expansion', seed, 2 * (keyLength + fixedIvLength))
    const take = (at: number, length: number): Uint8Array => block.subarray(at, at + length)
    const protection = (index: number, id: Uint8Array): RecordProtection => {
      const cipher = this.#crypto.createAead(aead, take(index * keyLength, keyLength))
      const fixedIv = take(2 * keyLength + index * fixedIvLength, fixedIvLength)
      return id.length > 0
        ? new ConnectionIdProtection(cipher, fixedIv, id)
        : new AeadProtection(cipher, fixedIv)
    }
    return { client: protection(0, ids.client), server: protection(1, ids.server) }
  }

  /** `verify_data` of the sender's Finished over the messages so far, RFC 5246 §7.4.9. */
  verifyData(sender: Sender, transcript: Transcript): Uint8Array {
    return this.#expand(`${sender} finished`, [transcript.digest(this.#crypto, this.#suite.hash)], 12)
  }

  /**
   * Keying material for another protocol, RFC 5705 §4. Without a context the seed ends with the randoms, which is
   * another value than with an empty context.
   */
  export(label: string, context: Uint8Array | null, length: number): Uint8Array {
    const seed = [this.#randoms.client, this.#randoms.server]
    if (context !== null) {
      const writer = new Writer(2 + context.length)
      writer.u16(context.length)
      writer.bytes(context)
      seed.push(writer.view())
    }
    return this.#expand(label, seed, length)
  }

  #expand(label: string, seed: readonly Uint8Array[], length: number): Uint8Array {
    return prf(this.#crypto, this.#suite.hash, this.#masterSecret, label, seed, length)
  }
}
