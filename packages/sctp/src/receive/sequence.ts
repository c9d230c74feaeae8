/** Numbers of messages that wrap: 16 bits for DATA (SSN, RFC 9260 §6.6), 32 for I-DATA (MID, RFC 8260 §2.1). */
export interface Sequence {
  next(number: number): number
  /** Serial arithmetic, RFC 1982. */
  isBehind(number: number, other: number): boolean
}

export const ssnSequence: Sequence = {
  next: (ssn) => (ssn + 1) & 0xffff,
  isBehind: (ssn, other) => ((ssn - other) << 16) >> 16 < 0,
}

export const midSequence: Sequence = {
  next: (mid) => (mid + 1) >>> 0,
  isBehind: (mid, other) => ((mid - other) | 0) < 0,
}
