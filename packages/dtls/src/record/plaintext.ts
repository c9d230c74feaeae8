import { recordHeaderLength, writeRecordHeader } from './record-header.ts'
import type { RecordProtection } from './record-protection.ts'

/** Epoch 0: nothing is protected. */
export const plaintext: RecordProtection = {
  overhead: recordHeaderLength,
  protect: (contentType, version, epoch, sequence, content, into, at) => {
    writeRecordHeader(into, at, contentType, version, epoch, sequence, content.length)
    into.set(content, at + recordHeaderLength)
    return recordHeaderLength + content.length
  },
  unprotect: (datagram, header, into) => {
    into.set(datagram.subarray(header.start, header.end))
    return header.length
  },
}
