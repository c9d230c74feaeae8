import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

/**
 * The type-length-value form that chunks (RFC 9260 §3.2), parameters (§3.2.1) and error causes (§3.3.10) share: the
 * length counts the four header bytes but not the padding, which fills up to a multiple of four.
 */

/** Starts a chunk; {@link closeTlv} ends it. */
export function openChunk(writer: Writer, type: number, flags: number): number {
  const start = writer.length
  writer.u8(type)
  writer.u8(flags)
  writer.u16(0)
  return start
}

/** Starts a parameter or an error cause; {@link closeTlv} ends it. */
export function openParameter(writer: Writer, type: number): number {
  const start = writer.length
  writer.u16(type)
  writer.u16(0)
  return start
}

/** Patches the length of what began at `start` and pads it. */
export function closeTlv(writer: Writer, start: number): void {
  const length = writer.length - start
  if (length > 0xffff) throw new RangeError(`${length} bytes do not fit a chunk or parameter`)
  writer.patch16(start + 2, length)
  writer.zeros(-length & 3)
}

/** One parameter or error cause of any type; `value` is borrowed. */
export interface Parameter {
  readonly type: number
  readonly value: Uint8Array
}

/** Reads one parameter and its padding, which may be missing at the very end. Throws {@link DecodeError}. */
export function readParameter(reader: Reader): Parameter {
  const type = reader.u16()
  const length = reader.u16()
  if (length < 4) throw new DecodeError('invalid', 'a parameter is shorter than its header')
  const value = reader.bytes(length - 4)
  reader.skip(Math.min(-length & 3, reader.remaining))
  return { type, value }
}

export function readParameters(reader: Reader): Parameter[] {
  const parameters: Parameter[] = []
  while (!reader.isEmpty) parameters.push(readParameter(reader))
  return parameters
}

export function writeParameter(writer: Writer, parameter: Parameter): void {
  const start = openParameter(writer, parameter.type)
  writer.bytes(parameter.value)
  closeTlv(writer, start)
}
