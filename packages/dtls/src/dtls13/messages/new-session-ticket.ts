import { DecodeError, Reader, Writer } from '@purertc/bytes'

import { Extensions } from '../../extensions/extensions.ts'

/**
 * NewSessionTicket, RFC 8446 §4.6.1:
 *
 *  | ticket_lifetime (32), seconds | ticket_age_add (32) | ticket_nonce <0..255> | ticket <1..2^16-1> |
 *  | extensions <0..2^16-2> |
 */
export interface NewSessionTicket {
  readonly lifetime: number
  /** What hides the ticket's age from onlookers. */
  readonly ageAdd: number
  /** Makes the key of this ticket another than those of others. */
  readonly nonce: Uint8Array
  readonly ticket: Uint8Array
  readonly extensions: Extensions
}

/** The fields are borrowed. */
export function decodeNewSessionTicket(body: Uint8Array): NewSessionTicket {
  const reader = new Reader(body)
  const lifetime = reader.u32()
  const ageAdd = reader.u32()
  const nonce = reader.bytes(reader.u8())
  const ticket = reader.bytes(reader.u16())
  if (ticket.length === 0) throw new DecodeError('invalid', 'empty ticket')
  const extensions = Extensions.decodeList(reader)
  reader.done()
  return { lifetime, ageAdd, nonce, ticket, extensions }
}

export function encodeNewSessionTicket(message: NewSessionTicket): Uint8Array {
  const { lifetime, ageAdd, nonce, ticket, extensions } = message
  const writer = new Writer(32 + ticket.length)
  writer.u32(lifetime)
  writer.u32(ageAdd)
  writer.u8(nonce.length)
  writer.bytes(nonce)
  writer.u16(ticket.length)
  writer.bytes(ticket)
  extensions.encodeList(writer)
  return writer.finish()
}

/** RFC 8446 §4.6.1: seven days, whatever a server says. */
export const maxTicketLifetime = 604_800
