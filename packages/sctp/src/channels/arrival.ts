/** What comes on a channel: a whole message, or a part of one that is too large to be held whole. */
export const Arrival = {
  message: 0,
  part: 1,
  lastPart: 2,
  /** The message whose parts came breaks off. */
  broken: 3,
} as const
export type Arrival = (typeof Arrival)[keyof typeof Arrival]
