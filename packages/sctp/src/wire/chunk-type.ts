/** Chunk types, RFC 9260 §3.2 and the IANA registry "Chunk Types". */
export const ChunkType = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
  /** RFC 8260 §2.1 */
  iData: 64,
  /** RFC 6525 §3.1 */
  reConfig: 130,
  /** RFC 4820 §3 */
  pad: 132,
  /** RFC 3758 §3.2 */
  forwardTsn: 192,
  /** RFC 8260 §2.3.1 */
  iForwardTsn: 194,
} as const
export type ChunkType = (typeof ChunkType)[keyof typeof ChunkType]

const knownTypes: ReadonlySet<number> = new Set(Object.values(ChunkType))

export function isKnownType(type: number): boolean {
  return knownTypes.has(type)
}

/** What the two highest bits of an unknown chunk or parameter type ask of the receiver, RFC 9260 §3.2 and §3.2.1. */
export function unknownTypeAction(highBits: number): { readonly stop: boolean; readonly report: boolean } {
  return actions[highBits & 3]!
}

const actions = [
  { stop: true, report: false },
  { stop: true, report: true },
  { stop: false, report: false },
  { stop: false, report: true },
] as const
