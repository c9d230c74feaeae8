import { DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/**
 * pre_shared_key of a ClientHello, RFC 8446 §4.2.11. It is always the last extension, so that the binders end the
 * message, which they are made over as far as it stands before them:
 *
 *  | identities <7..2^16-1> of | identity <1..2^16-1> | obfuscated_ticket_age (32) | |
 *  | binders <33..2^16-1> of | HMAC <32..255> | |
 */
export interface OfferedPsks {
  /** Best first. */
  readonly identities: readonly PskIdentity[]
  /** One for each identity. */
  readonly binders: readonly Uint8Array[]
}

export interface PskIdentity {
  /** A ticket, or the name of a key that was agreed on elsewhere. */
  readonly identity: Uint8Array
  /** How old the ticket is in milliseconds, plus what the server told its client to add; 0 where it is none. */
  readonly obfuscatedTicketAge: number
}

export const PreSharedKeys: ExtensionCodec<OfferedPsks> = {
  type: 41,
  name: 'pre_shared_key',
  decode: (body) => {
    const identities: PskIdentity[] = []
    const binders: Uint8Array[] = []
    const list = body.sub(body.u16())
    do {
      const identity = list.bytes(list.u16())
      if (identity.length === 0) throw new DecodeError('invalid', 'empty identity')
      identities.push({ identity, obfuscatedTicketAge: list.u32() })
    } while (!list.isEmpty)
    const macs = body.sub(body.u16())
    do {
      // One that is too short is no proof, which matters once its key is taken.
      binders.push(macs.bytes(macs.u8()))
    } while (!macs.isEmpty)
    return { identities, binders }
  },
  encode: (writer, { identities, binders }) => {
    const list = writer.open16()
    for (const { identity, obfuscatedTicketAge } of identities) {
      writer.u16(identity.length)
      writer.bytes(identity)
      writer.u32(obfuscatedTicketAge)
    }
    writer.close16(list)
    const macs = writer.open16()
    for (const binder of binders) {
      writer.u8(binder.length)
      writer.bytes(binder)
    }
    writer.close16(macs)
  },
}

/** Bytes at the end of a ClientHello that no binder is made over. */
export const bindersLength = ({ binders }: OfferedPsks): number =>
  binders.reduce((sum, { length }) => sum + 1 + length, 2)

/** The server's choice, in ServerHello: a position among the identities. */
export const SelectedPsk: ExtensionCodec<number> = {
  type: 41,
  name: 'pre_shared_key',
  decode: (body) => body.u16(),
  encode: (writer, index) => writer.u16(index),
}
