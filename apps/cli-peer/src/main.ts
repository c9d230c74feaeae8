#!/usr/bin/env node
import { createProgram } from './commands.ts'
import { HumanReporter } from './reporters/human.ts'
import { jsonReporter } from './reporters/json.ts'
import { SessionFailure } from './session/failure.ts'
import { runSession } from './session/session.ts'

const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort())
process.once('SIGTERM', () => interruption.abort())

const program = createProgram(async (options, { json }) => {
  const reporter = json ? jsonReporter(process.stdout) : new HumanReporter(process.stdout)
  try {
    await runSession(options, reporter, interruption.signal)
  } catch (error) {
    if (!(error instanceof SessionFailure)) throw error
    reporter.report({ step: error.step, event: 'failed', reason: error.message })
    process.exitCode = 1
  } finally {
    reporter.close()
  }
})
await program.parseAsync()
