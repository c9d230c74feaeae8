/** Comparison and stepping of numbers that wrap, RFC 1982. */
export interface SerialArithmetic {
  /** `a + by`, wrapped. `by` may be negative. */
  add(a: number, by: number): number
  /** The signed distance from `a` to `b`: positive when `b` lies ahead of `a`. */
  distance(a: number, b: number): number
  /** Whether `a` comes after `b`. */
  isAfter(a: number, b: number): boolean
  /** Whether `a` comes after `b` or equals it. */
  isAtOrAfter(a: number, b: number): boolean
}

/** RFC 1982 with SERIAL_BITS = 32: TSNs, RTP time stamps. */
export const serial32: SerialArithmetic = {
  add: (a, by) => (a + by) >>> 0,
  distance: (a, b) => (b - a) | 0,
  isAfter: (a, b) => ((b - a) | 0) < 0,
  isAtOrAfter: (a, b) => ((b - a) | 0) <= 0,
}

/** RFC 1982 with SERIAL_BITS = 16: stream sequence numbers, RTP sequence numbers. */
export const serial16: SerialArithmetic = {
  add: (a, by) => (a + by) & 0xffff,
  distance: (a, b) => ((b - a) << 16) >> 16,
  isAfter: (a, b) => ((b - a) << 16) >> 16 < 0,
  isAtOrAfter: (a, b) => ((b - a) << 16) >> 16 <= 0,
}
