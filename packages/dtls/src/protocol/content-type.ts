/** What a record carries, RFC 5246 §6.2.1 and RFC 9147 §7. */
export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  ack: 26,
} as const
export type ContentType = (typeof ContentType)[keyof typeof ContentType]
