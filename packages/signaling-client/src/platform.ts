/** The client's only access to time. */
export interface Scheduler {
  /** Calls back once, after that many milliseconds. */
  set(callback: () => void, milliseconds: number): unknown
  clear(timer: unknown): void
}

// A browser has no node/ folder to keep these in: they are the package's whole ambient world.
/* eslint-disable no-restricted-globals, no-restricted-properties -- see above */
export const platformScheduler: Scheduler = {
  set: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clear: (timer) => clearTimeout(timer as number),
}

/** From 0 to 1; nothing secret hangs on it. */
export const platformRandom = (): number => Math.random()
/* eslint-enable no-restricted-globals, no-restricted-properties */
