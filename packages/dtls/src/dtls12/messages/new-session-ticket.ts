import { Reader, Writer } from '@purertc/bytes'

/**
 * NewSessionTicket, RFC 5077 §3.3: | ticket_lifetime_hint (32), seconds | ticket <0..2^16-1> |. A server that has
 * thought better of it sends an empty ticket.
 */
export interface NewSessionTicket {
  /** Seconds; 0 where the server leaves it open. */
  readonly lifetimeHint: number
  readonly ticket: Uint8Array
}

/** The ticket is borrowed. */
export function decodeNewSessionTicket(body: Uint8Array): NewSessionTicket {
  const reader = new Reader(body)
  const lifetimeHint = reader.u32()
  const ticket = reader.bytes(reader.u16())
  reader.done()
  return { lifetimeHint, ticket }
}

export function encodeNewSessionTicket({ lifetimeHint, ticket }: NewSessionTicket): Uint8Array {
  const writer = new Writer(6 + ticket.length)
  writer.u32(lifetimeHint)
  writer.u16(ticket.length)
  writer.bytes(ticket)
  return writer.finish()
}
