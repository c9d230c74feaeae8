/** The timers of an association, indices into one `Deadlines`. RFC 9260 §16 and RFC 6525 §5.1.1. */
export const Timer = {
  /** INIT or COOKIE ECHO is on its way. */
  t1: 0,
  /** SHUTDOWN or SHUTDOWN ACK is on its way. */
  t2: 1,
  /** DATA or FORWARD TSN is on its way. */
  t3: 2,
  /** Guards the whole shutdown. */
  t5: 3,
  delayedSack: 4,
  heartbeat: 5,
  reConfig: 6,
  /** A probe for the packet size is on its way, or the next search is due. RFC 8899 §5.1.1. */
  packetSize: 7,
  /** Chunks that others overtook are waited for. RFC 8985 §6.3. */
  reordering: 8,
  /** The end of a flight may be lost. RFC 8985 §7. */
  tailProbe: 9,
  /** The pace allows another packet. */
  pacing: 10,
} as const

export const timerCount = 11
