import type { Reader, Writer } from '@purertc/bytes'

/** One hello extension: its number in the registry "TLS ExtensionType" and the form of its body. */
export interface ExtensionCodec<T> {
  readonly type: number
  readonly name: string
  /** Reads from a reader bound to the body; the caller checks that it was read to its end. */
  decode(body: Reader): T
  encode(writer: Writer, value: T): void
}

/** A list of 16-bit numbers behind a 16-bit length, with at least one entry. */
export function decodeU16List(reader: Reader): number[] {
  const entries = reader.sub(reader.u16())
  const list: number[] = []
  do list.push(entries.u16())
  while (!entries.isEmpty)
  return list
}

export function encodeU16List(writer: Writer, list: readonly number[]): void {
  const mark = writer.open16()
  for (const entry of list) writer.u16(entry)
  writer.close16(mark)
}
