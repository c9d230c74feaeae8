import { existsSync } from 'node:fs'

import { describe } from '@jest/globals'
import { type Browser, chromium } from 'playwright-core'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isAbsent = !existsSync(executablePath)
if (isAbsent && process.env['CI'] === 'true') throw new Error(`${executablePath} is missing`)

/** Tests that are skipped, with the reason, where there is no Chromium; in CI that is an error. */
export function describeInChromium(title: string, tests: () => void): void {
  const describeHere = isAbsent ? describe.skip : describe
  describeHere(`${title} (skipped where ${executablePath} is absent)`, tests)
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}
