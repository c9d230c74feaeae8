#!/usr/bin/env node
import { createProgram } from './commands.ts'
import { HumanReporter } from './reporters/human.ts'
import { jsonReporter } from './reporters/json.ts'
import { SessionFailure } from './session/failure.ts'
import { runSession } from './session/session.ts'

const interruption = new AbortController()
/** As shells count: 128 and the signal's number. */
let exitCode = 1
const interrupt = (code: number) => (): void => {
  exitCode = code
  interruption.abort()
}
// Once: whoever asks again does not want to wait.
process.once('SIGINT', interrupt(130))
process.once('SIGTERM', interrupt(143))

const program = createProgram(async (options, { json }) => {
  const reporter = json ? jsonReporter(process.stdout) : new HumanReporter(process.stdout)
  try {
    await runSession(options, reporter, interruption.signal)
  } catch (error) {
    if (!(error instanceof SessionFailure)) throw error
    reporter.close()
    const failures = json ? reporter : new HumanReporter(process.stderr)
    failures.report({ step: error.step, event: 'failed', reason: error.message })
    process.exitCode = exitCode
  } finally {
    reporter.close()
  }
})
await program.parseAsync()
