import type { Millis } from '@purertc/bytes'
import type { Simulation } from '@purertc/netsim'

/** Two ends under one virtual clock. */
export abstract class Simulated {
  readonly sim: Simulation

  constructor(sim: Simulation) {
    this.sim = sim
  }

  /** Where both ends stand, for whoever reads that something was not reached. */
  protected abstract describe(): string

  get now(): Millis {
    return this.sim.now
  }

  run(milliseconds: number): void {
    this.sim.advance(milliseconds)
  }

  /** Throws when the condition does not come true within ten minutes of virtual time. */
  runUntil(until: () => boolean, deadline = 600_000): void {
    if (!this.sim.run({ until, deadline })) throw new Error(`not reached: ${this.describe()}`)
  }
}
