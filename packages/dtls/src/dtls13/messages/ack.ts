import { type Reader, Writer } from '@purertc/bytes'

/** A record by its full numbers, RFC 9147 §4. */
export interface RecordNumber {
  readonly epoch: number
  readonly sequence: number
}

/** ACK, RFC 9147 §7: | record_numbers <0..2^16-1> of | epoch (64) | sequence_number (64) | | */
export function decodeAck(reader: Reader): RecordNumber[] {
  const list = reader.sub(reader.u16())
  reader.done()
  const numbers: RecordNumber[] = []
  while (!list.isEmpty) numbers.push({ epoch: u64(list), sequence: u64(list) })
  return numbers
}

/** Bytes of an ACK without any number, and of a number. */
export const listHeaderLength = 2
export const recordNumberLength = 16

/** Numbers in ascending order, as the RFC wants them. */
export function encodeAck(numbers: readonly RecordNumber[]): Uint8Array {
  const writer = new Writer(2 + 16 * numbers.length)
  const list = writer.open16()
  for (const { epoch, sequence } of numbers) {
    writer.u16(0)
    writer.u48(epoch)
    writer.u16(0)
    writer.u48(sequence)
  }
  writer.close16(list)
  return writer.finish()
}

/** No number of ours reaches 2^48; one that does is no number of ours. */
function u64(reader: Reader): number {
  const high = reader.u16()
  const low = reader.u48()
  return high === 0 ? low : Infinity
}
