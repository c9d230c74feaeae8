import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { pnpm, root, run } from './command.mjs'

/** Installs what the lock file names, unless it is installed already. */
export async function install() {
  const stamp = join(root, 'node_modules', '.purertc-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const code = await run(pnpm('install', '--frozen-lockfile', '--prefer-offline'), { quiet: true })
  if (code !== 0) throw new Error(`the dependencies could not be installed (pnpm install ended with ${code})`)
  writeFileSync(stamp, wanted)
}

/** Builds every package and app; what has not changed comes from turbo's cache. */
export async function build() {
  const code = await run(pnpm('exec', 'turbo', 'run', 'build', '--output-logs=errors-only'), { quiet: true })
  if (code !== 0) throw new Error(`the packages could not be built (turbo run build ended with ${code})`)
}
