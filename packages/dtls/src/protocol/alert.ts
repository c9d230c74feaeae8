import type { Reader } from '@purertc/bytes'

/** RFC 5246 §7.2. */
export const AlertLevel = { warning: 1, fatal: 2 } as const
export type AlertLevel = (typeof AlertLevel)[keyof typeof AlertLevel]

/** The registry "TLS Alerts". */
export const AlertDescription = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  tooManyCidsRequested: 52,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  inappropriateFallback: 86,
  userCanceled: 90,
  noRenegotiation: 100,
  missingExtension: 109,
  unsupportedExtension: 110,
  unrecognizedName: 112,
  unknownPskIdentity: 115,
  certificateRequired: 116,
  noApplicationProtocol: 120,
} as const
export type AlertDescription = (typeof AlertDescription)[keyof typeof AlertDescription]

/** The numbers on the wire, which need not be in the registries. */
export interface Alert {
  readonly level: number
  readonly description: number
}

/** Throws `DecodeError` for anything but one whole alert */
export function decodeAlert(reader: Reader): Alert {
  const level = reader.u8()
  const description = reader.u8()
  reader.done()
  return { level, description }
}

export const encodeAlert = (alert: Alert): Uint8Array => Uint8Array.of(alert.level, alert.description)

/** The registry's spelling, or `alert 123`. */
export const alertName = (description: number): string => names.get(description) ?? `alert ${description}`

const names = new Map<number, string>(
  Object.entries(AlertDescription).map(([name, code]) => [
    code,
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  ]),
)
