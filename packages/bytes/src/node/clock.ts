import { Millis } from '../brand.ts'

/** The monotonic clock that drivers hand to machines. */
export const monotonicNow = (): Millis => Millis(performance.now())
