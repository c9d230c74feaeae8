import { DecodeError, type Reader, Writer } from '@purertc/bytes'

/**
 * The type-length-value form that chunks (RFC 9260 §3.2), parameters (§3.2.1) and error causes (§3.3.10) share: the
 * length counts the four header bytes but not the padding, which fills up to a multiple of four.
 */

/** Starts a chunk, at a multiple of four in the writer; {@link closeChunk} ends it. */
export function openChunk(writer: Writer, type: number, flags: number): number {
  const start = writer.length
  writer.u8(type)
  writer.u8(flags)
  writer.u16(0)
  return start
}

/** Patches the length of the chunk that began at `start`, and pads it. */
export function closeChunk(writer: Writer, start: number): void {
  closeParameter(writer, start)
  pad(writer)
}

/**
 * Starts a parameter or an error cause; {@link closeParameter} ends it. The padding comes before the next one: after
 * the last it belongs to the chunk, whose length leaves it out.
 */
export function openParameter(writer: Writer, type: number): number {
  pad(writer)
  const start = writer.length
  writer.u16(type)
  writer.u16(0)
  return start
}

export function closeParameter(writer: Writer, start: number): void {
  const length = writer.length - start
  if (length > 0xffff) throw new RangeError(`${length} bytes do not fit a chunk or parameter`)
  writer.patch16(start + 2, length)
}

function pad(writer: Writer): void {
  writer.zeros(-writer.length & 3)
}

/** One parameter or error cause of any type; `value` is borrowed. */
export interface Parameter {
  readonly type: number
  readonly value: Uint8Array
}

/** Reads one parameter and its padding, which may be missing at the very end. Throws {@link DecodeError}. */
function readParameter(reader: Reader): Parameter {
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
  closeParameter(writer, start)
}

/** The parameter by itself, without padding. */
export function encodeParameter(parameter: Parameter): Uint8Array {
  const writer = new Writer(4 + parameter.value.length)
  writeParameter(writer, parameter)
  return writer.finish()
}
