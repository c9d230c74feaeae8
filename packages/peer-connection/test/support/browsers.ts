import { existsSync } from 'node:fs'

import { describe } from '@jest/globals'

export {
  type BrowserOptions,
  type BrowserPage,
  chromiumPath,
  firefoxPath,
  openChromium,
  openFirefox,
} from './browser-pages.ts'

/** A suite that needs a program: fails without it in CI, and is reported as skipped elsewhere. */
export function describeWith(path: string, name: string, suite: () => void): void {
  const isAbsent = !existsSync(path)
  if (isAbsent && process.env['CI'] === 'true') throw new Error(`${path} is missing`)
  ;(isAbsent ? describe.skip : describe)(`${name} (skipped where ${path} is absent)`, suite)
}
