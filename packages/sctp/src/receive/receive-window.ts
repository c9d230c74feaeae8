/**
 * How much room the peer is told of, and how much there is. A peer that interleaves (RFC 8260) may begin so many
 * messages that their beginnings fill the window: they wait for their ends, and the ends for the window. RFC 9260 §6.9
 * has parts of messages handed up then, which the API of data channels cannot. So there is room beyond the window for
 * what only the peer can end. It is told of in small pieces, and what it does not suffice for ends the association.
 */

/**
 * Bytes that may be held. `waiting` are those of interleaved messages that the peer has not ended, or sends out of order;
 * `lent` those that the user does not read: while they are what fills the window, the peer has to wait for the user.
 */
export function memoryLimit(window: number, waiting: number, lent: number): number {
  return waiting >= window / 2 && lent < window / 2 ? beginnings * window : window
}

/** `a_rwnd`, where `held` bytes are taken. */
export function receiveWindow(window: number, held: number, limit: number): number {
  const piece = Math.floor(window / pieces)
  return Math.max(0, Math.min(Math.max(window - held, piece), limit - held))
}

/** So many windows' worth of memory may messages take that are not whole. */
const beginnings = 4
/** And of a window, so small a part is told of once it is full. */
const pieces = 16
