/** The client's only access to time. */
export interface Scheduler {
  /** Calls back once, after that many milliseconds. */
  set(callback: () => void, milliseconds: number): unknown
  clear(timer: unknown): void
}

// A browser has no node/ folder to keep its timers in: these two calls are the package's whole ambient world.
/* eslint-disable no-restricted-globals -- see above */
export const platformScheduler: Scheduler = {
  set: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clear: (timer) => clearTimeout(timer as number),
}
/* eslint-enable no-restricted-globals */
