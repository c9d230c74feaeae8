import type { Brand } from '@purertc/bytes'

/** Transmission Sequence Number, RFC 9260 §1.6: 32 bits that wrap. */
export type Tsn = Brand<number, 'Tsn'>

/** Serial arithmetic on TSNs, RFC 1982 with SERIAL_BITS = 32. */
export const Tsn = {
  /** The TSN of any integer, wrapped. */
  of: (value: number): Tsn => (value >>> 0) as Tsn,
  add: (tsn: Tsn, by: number): Tsn => ((tsn + by) >>> 0) as Tsn,
  /** How far `b` lies ahead of `a`; negative when it lies behind. */
  distance: (a: Tsn, b: Tsn): number => (b - a) | 0,
  isAfter: (a: Tsn, b: Tsn): boolean => ((b - a) | 0) < 0,
} as const
