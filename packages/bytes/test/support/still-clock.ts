import { afterEach, jest } from '@jest/globals'

/**
 * For tests over real sockets: from now on to the end of the test the clock stands still until it is told to move, by
 * `jest.advanceTimersByTime`. Nothing is sent twice and nobody loses patience, however long this process has to wait for
 * its turn; sockets go on as ever, and so do `setImmediate` and promises.
 *
 * @example
 * stopClock()
 * const asking = client.bind()
 * jest.advanceTimersByTime(60_000)
 * await expect(asking).rejects.toMatchObject({ code: 'timeout' })
 */
export function stopClock(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
}

/**
 * Lets the event loop turn until the condition holds; however long that takes, for the test has a limit of its own. Throws
 * when that is over, so that the process can end.
 */
export async function eventually(holds: () => boolean): Promise<void> {
  const test = tests
  while (!holds()) {
    if (tests !== test) throw new Error('the test ended before this held')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Those that have ended. */
let tests = 0

afterEach(() => {
  tests++
  jest.useRealTimers()
})
