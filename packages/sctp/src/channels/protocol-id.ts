/** Payload protocol identifiers of WebRTC, RFC 8831 §8. */
export const ProtocolId = {
  control: 50,
  text: 51,
  binary: 53,
  /** One zero byte stands for an empty message, since SCTP carries none (RFC 8831 §6.6). */
  emptyText: 56,
  emptyBinary: 57,
} as const
