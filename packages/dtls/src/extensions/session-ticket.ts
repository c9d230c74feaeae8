import type { ExtensionCodec } from './extension-codec.ts'

/**
 * RFC 5077 §3.2: of a client the ticket that it has, or nothing where it would like one; of a server nothing, which
 * promises a NewSessionTicket.
 */
export const SessionTicket: ExtensionCodec<Uint8Array> = {
  type: 35,
  name: 'session_ticket',
  decode: (body) => body.rest(),
  encode: (writer, ticket) => writer.bytes(ticket),
}
