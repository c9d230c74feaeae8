import { Millis } from '@purertc/bytes'

import { EventQueue } from './event-queue.ts'
import { Random } from './random.ts'
import { Trace } from './trace.ts'

/** What every protocol machine offers its driver. */
export interface Machine {
  readonly nextTimeout: Millis
  handleTimeout(now: Millis): void
}

/**
 * A virtual clock with everything that happens on it. Nothing sleeps: time jumps from one event to the next, so an
 * hour of retransmissions takes milliseconds, and the same seed gives the same run.
 *
 * @example
 * const sim = new Simulation({ seed: 7 })
 * const link = new Link(sim, { latency: 20, loss: 0.2 }, (now, bytes) => server.handleDatagram(now, bytes))
 * sim.attach(client)
 * sim.attach(server)
 * sim.run({ until: () => client.state === 'connected' }) // false: it did not get there
 */
export class Simulation {
  readonly random: Random
  readonly #events = new EventQueue()
  readonly #machines: Machine[] = []
  readonly #trace = new Trace()
  #now: Millis
  #isRunning = false
  #stepsAtThisInstant = 0

  /** The clock starts at `start` ms: by default not at 0, so that a machine that takes 0 for "never" is found out. */
  constructor(options: { readonly seed: number; readonly start?: number }) {
    this.random = new Random(options.seed)
    this.#now = Millis(options.start ?? 1_000)
  }

  get now(): Millis {
    return this.#now
  }

  /** A digest of everything delivered so far, with its time. Same seed and same code: same trace. */
  get trace(): string {
    return this.#trace.digest
  }

  /** Adds to the trace; links do so with every datagram they deliver. `source` tells links apart. */
  record(source: number, bytes: Uint8Array): void {
    this.#trace.add(source, this.#now, bytes)
  }

  /** Runs `action` at `at`, or as soon as it can when `at` has passed. Never at once. */
  schedule(at: Millis, action: (now: Millis) => void): void {
    this.#events.push(at > this.#now ? at : this.#now, action)
  }

  after(ms: number, action: (now: Millis) => void): void {
    this.schedule(Millis(this.#now + ms), action)
  }

  /** From now on calls the machine's `handleTimeout` when its `nextTimeout` comes. */
  attach(machine: Machine): void {
    this.#machines.push(machine)
  }

  detach(machine: Machine): void {
    const index = this.#machines.indexOf(machine)
    if (index >= 0) this.#machines.splice(index, 1)
  }

  /**
   * Runs events and due timeouts in the order of time until `until` holds, nothing is left, or `deadline` ms have
   * passed (600,000 by default). Returns whether `until` holds; without `until`, whether everything was run.
   *
   * Throws where a machine is a busy loop: its `nextTimeout` stays due after `handleTimeout`, or the clock stands
   * still over a hundred thousand events.
   */
  run(options: { readonly until?: () => boolean; readonly deadline?: number } = {}): boolean {
    if (this.#isRunning) throw new Error('run() was called by something that run() runs')
    this.#isRunning = true
    try {
      return this.#run(options.until, Millis(this.#now + (options.deadline ?? 600_000)))
    } finally {
      this.#isRunning = false
    }
  }

  /** Lets exactly `ms` pass and runs all that falls due meanwhile. */
  advance(ms: number): void {
    const end = Millis(this.#now + ms)
    this.run({ deadline: ms })
    this.#now = end
  }

  /**
   * `provider` with its `randomFill` replaced by this simulation's: `sim.seeded(nodeCrypto)`. What a provider draws
   * elsewhere stays random: node:crypto makes key shares and ECDSA nonces of its own. Where a trace must cover a
   * handshake, take those from the portable provider, as the README of `@purertc/crypto` shows.
   */
  seeded<T extends { randomFill(into: Uint8Array): void }>(provider: T): T {
    const random = this.random.fork()
    return { ...provider, randomFill: (into: Uint8Array) => random.fill(into) }
  }

  #run(until: (() => boolean) | undefined, end: Millis): boolean {
    for (;;) {
      if (until?.() === true) return true
      const machine = this.#earliestMachine()
      const timeout = machine?.nextTimeout ?? Infinity
      const at = Math.min(this.#events.nextAt, timeout)
      if (at === Infinity) return until === undefined
      if (at > end) {
        this.#now = end
        return false
      }
      this.#moveTo(at)
      if (machine !== undefined && timeout < this.#events.nextAt) this.#expire(machine)
      else this.#events.pop()?.(this.#now)
    }
  }

  #earliestMachine(): Machine | undefined {
    let earliest: Machine | undefined
    let at = Infinity
    for (const machine of this.#machines) {
      const timeout = machine.nextTimeout
      if (Number.isNaN(timeout)) throw new Error(`nextTimeout of ${nameOf(machine)} is not a number`)
      if (timeout < at) {
        at = timeout
        earliest = machine
      }
    }
    return earliest
  }

  #moveTo(at: number): void {
    if (at > this.#now) {
      this.#now = Millis(at)
      this.#stepsAtThisInstant = 0
    } else if (++this.#stepsAtThisInstant > maxStepsPerInstant) {
      throw new Error(`the clock stands still at ${this.#now} ms: messages chase each other without delay`)
    }
  }

  #expire(machine: Machine): void {
    for (let calls = 0; calls < maxTimeoutsInARow; calls++) {
      machine.handleTimeout(this.#now)
      if (machine.nextTimeout > this.#now) return
    }
    throw new Error(
      `busy loop: nextTimeout of ${nameOf(machine)} stays at ${machine.nextTimeout} after handleTimeout(${this.#now})`,
    )
  }
}

function nameOf(machine: Machine): string {
  return machine.constructor.name
}

/** A machine may do its work in a few portions; one that wants ever more calls at the same time is stuck. */
const maxTimeoutsInARow = 10

const maxStepsPerInstant = 100_000
