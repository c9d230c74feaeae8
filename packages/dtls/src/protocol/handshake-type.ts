/** RFC 6347 §4.3.2 and RFC 8446 §4; the registry is "TLS HandshakeType". */
export const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  requestConnectionId: 9,
  newConnectionId: 10,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  keyUpdate: 24,
  messageHash: 254,
} as const
export type HandshakeType = (typeof HandshakeType)[keyof typeof HandshakeType]

const names = new Map<number, string>(Object.entries(HandshakeType).map(([name, type]) => [type, name]))

/** For error messages. */
export const handshakeTypeName = (type: number): string => names.get(type) ?? `message of type ${type}`
