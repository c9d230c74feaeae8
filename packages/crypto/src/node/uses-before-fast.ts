/** A key that handles no more than a handshake and some messages shall cost neither time nor memory. */
export const usesBeforeFast = 64
