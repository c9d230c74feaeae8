import { copyBytes, type Reader, Writer } from '@purertc/bytes'

/** `return_routability_check`, RFC 9853 §4: | msg_type (8) | cookie (8 bytes) | */
export interface RoutabilityMessage {
  readonly type: RoutabilityType
  readonly cookie: Uint8Array
}

export const RoutabilityType = { pathChallenge: 0, pathResponse: 1, pathDrop: 2 } as const
export type RoutabilityType = (typeof RoutabilityType)[keyof typeof RoutabilityType]

/** Null for a type that is still to be invented, which is ignored (§4). Throws `DecodeError`. */
export function decodeRoutability(reader: Reader): RoutabilityMessage | null {
  const number = reader.u8()
  const type = Object.values(RoutabilityType).find((known) => known === number)
  if (type === undefined) return null
  const cookie = copyBytes(reader.bytes(routabilityCookieLength))
  reader.done()
  return { type, cookie }
}

export function encodeRoutability({ type, cookie }: RoutabilityMessage): Uint8Array {
  const writer = new Writer(1 + cookie.length)
  writer.u8(type)
  writer.bytes(cookie)
  return writer.finish()
}

export const routabilityCookieLength = 8
export const routabilityMessageLength: number = 1 + routabilityCookieLength
