import { Writer } from '@purertc/bytes'

import { handshakeHeaderLength, writeHandshakeHeader } from '../handshake/handshake-message.ts'
import { type AlertDescription, AlertLevel, encodeAlert } from '../protocol/alert.ts'
import { ContentType } from '../protocol/content-type.ts'
import type { HandshakeType } from '../protocol/handshake-type.ts'
import { recordHeaderLength, writeRecordHeader } from '../record/record-header.ts'

/** A datagram with one message in one record, which is numbered as the client's is: that needs no memory. */
export function handshakeReply(
  recordSequence: number,
  version: number,
  type: HandshakeType,
  messageSequence: number,
  body: Uint8Array,
): Uint8Array {
  const length = handshakeHeaderLength + body.length
  const writer = new Writer(recordHeaderLength + length)
  const header = writer.reserve(recordHeaderLength)
  writeRecordHeader(header, 0, ContentType.handshake, version, 0, recordSequence, length)
  writeHandshakeHeader(writer, type, body.length, messageSequence, 0, body.length)
  writer.bytes(body)
  return writer.finish()
}

/** A datagram that ends what has not begun, in a record of the client's own version. */
export function alertReply(
  recordSequence: number,
  version: number,
  description: AlertDescription,
): Uint8Array {
  const alert = encodeAlert({ level: AlertLevel.fatal, description })
  const datagram = new Uint8Array(recordHeaderLength + alert.length)
  writeRecordHeader(datagram, 0, ContentType.alert, version, 0, recordSequence, alert.length)
  datagram.set(alert, recordHeaderLength)
  return datagram
}
