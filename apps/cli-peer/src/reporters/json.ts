import type { Reporter } from '../report.ts'

/** One report a line, for programs. */
export const jsonReporter = (out: NodeJS.WritableStream): Reporter => ({
  report: (report) => void out.write(`${JSON.stringify(report)}\n`),
  close: () => {},
})
