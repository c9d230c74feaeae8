import { copyBytes, DecodeError, Reader, Writer } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/**
 * The extensions of a hello, RFC 5246 §7.4.1.4, in the order they are sent. Those that nobody asks for (GREASE, RFC
 * 8701, among them) are kept as bytes and ignored.
 */
export class Extensions {
  readonly #bodies = new Map<number, Uint8Array>()

  /**
   * Reads the rest of a hello: nothing at all, or a list to its last byte. Throws `DecodeError`, also where a type
   * stands twice.
   */
  static decode(reader: Reader): Extensions {
    return reader.isEmpty ? new Extensions() : Extensions.decodeList(reader)
  }

  /** Reads a list that must be there, as in the messages of 1.3. Throws as {@link Extensions.decode}. */
  static decodeList(reader: Reader): Extensions {
    const extensions = new Extensions()
    const list = reader.sub(reader.u16())
    while (!list.isEmpty) {
      const type = list.u16()
      const body = list.bytes(list.u16())
      // RFC 5246 §7.4.1.4: There MUST NOT be more than one extension of the same type.
      if (extensions.#bodies.has(type)) throw new DecodeError('invalid', `extension ${type} stands twice`)
      extensions.#bodies.set(type, copyBytes(body))
    }
    return extensions
  }

  get types(): IterableIterator<number> {
    return this.#bodies.keys()
  }

  /** The body of any extension, borrowed. */
  body(type: number): Uint8Array | undefined {
    return this.#bodies.get(type)
  }

  has(codec: ExtensionCodec<unknown>): boolean {
    return this.#bodies.has(codec.type)
  }

  /** The decoded extension, undefined where there is none. Throws `DecodeError` where it is malformed. */
  get<T>(codec: ExtensionCodec<T>): T | undefined {
    const body = this.#bodies.get(codec.type)
    if (body === undefined) return undefined
    const reader = new Reader(body)
    const value = codec.decode(reader)
    reader.done()
    return value
  }

  set<T>(codec: ExtensionCodec<T>, value: T): this {
    const writer = new Writer(64)
    codec.encode(writer, value)
    this.#bodies.set(codec.type, writer.finish())
    return this
  }

  /** An extension as bytes, which are kept. */
  setBody(type: number, body: Uint8Array): this {
    this.#bodies.set(type, body)
    return this
  }

  /** Writes the list with its length; nothing where there is none, since servers of old expect none. */
  encode(writer: Writer): void {
    if (this.#bodies.size > 0) this.encodeList(writer)
  }

  /** Writes the list with its length, also where it is empty. */
  encodeList(writer: Writer): void {
    const list = writer.open16()
    for (const [type, body] of this.#bodies) {
      writer.u16(type)
      writer.u16(body.length)
      writer.bytes(body)
    }
    writer.close16(list)
  }
}
