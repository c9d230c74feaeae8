import type { Step } from '../report.ts'

/** The tour ends with one sentence: which step failed, where, and why. */
export class TourFailure extends Error {
  override readonly name = 'TourFailure'
  readonly step: Step | 'Setup'

  constructor(step: Step | 'Setup', message: string) {
    super(message)
    this.step = step
  }
}
