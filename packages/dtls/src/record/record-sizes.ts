import type { ResolvedConfig } from '../resolved-config.ts'
import { permits } from '../resolved-config.ts'
import type { Extensions } from '../extensions/extensions.ts'
import { RecordSizeLimit } from '../extensions/record-size-limit.ts'
import { ProtocolVersion } from '../protocol/protocol-version.ts'
import { maxContentLength } from './record-header.ts'

/**
 * How much content one record under keys may have in either direction, RFC 8449. On the wire the limit counts the
 * content's type as well, where that is encrypted.
 */
export class RecordSizes {
  #incoming = maxContentLength
  #outgoing = maxContentLength
  #isAgreed = false

  /** Of the peer's records, once the two have told each other their limits. */
  get incoming(): number {
    return this.#incoming
  }

  /** Of ours. */
  get outgoing(): number {
    return this.#outgoing
  }

  /** A client's offer. Also one without a wish of its own says so, since only then may the server have one (§4). */
  offer(config: ResolvedConfig, extensions: Extensions): void {
    extensions.set(RecordSizeLimit, ownLimit(config, permits(config, ProtocolVersion.dtls13)))
  }

  /** What the other end said: a client in ClientHello, a server in ServerHello (1.2) or EncryptedExtensions (1.3). */
  agree(config: ResolvedConfig, said: Extensions, { ours, theirs }: TypeLengths): void {
    const limit = said.get(RecordSizeLimit)
    if (limit === undefined) return
    this.#isAgreed = true
    this.#outgoing = Math.min(limit - ours, maxContentLength)
    this.#incoming = Math.min(config.recordSizeLimit - theirs, maxContentLength)
  }

  /** A server's answer to a client that has a limit. */
  answer(config: ResolvedConfig, extensions: Extensions, isDtls13: boolean): void {
    if (this.#isAgreed) extensions.set(RecordSizeLimit, ownLimit(config, isDtls13))
  }
}

/** Bytes that an encrypted type takes in our records and in the peer's: none in DTLS 1.2 without connection ID. */
export interface TypeLengths {
  readonly ours: 0 | 1
  readonly theirs: 0 | 1
}

export const typeLengthsOfDtls13: TypeLengths = { ours: 1, theirs: 1 }

/** RFC 8449 §4: no more than the version has. */
const ownLimit = ({ recordSizeLimit }: ResolvedConfig, isDtls13: boolean): number =>
  Math.min(recordSizeLimit, isDtls13 ? maxContentLength + 1 : maxContentLength)
