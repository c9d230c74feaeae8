/** What a record carries, RFC 5246 §6.2.1, RFC 9147 §7 and RFC 9853 §4. */
export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  /** DTLS 1.2 alone: the true type is encrypted, RFC 9146 §4. */
  tls12Cid: 25,
  ack: 26,
  returnRoutabilityCheck: 27,
} as const
export type ContentType = (typeof ContentType)[keyof typeof ContentType]
