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

/**
 * Builds what has changed of all packages and apps. One compiler for all of them parses the shared declarations once:
 * a third of the work of `turbo run build`, which starts one a package and fills the same folders.
 */
export async function build() {
  const code = await run(['node', 'node_modules/typescript/bin/tsc', '--build'], { quiet: true })
  if (code !== 0) throw new Error(`the packages could not be built (tsc --build ended with ${code})`)
}
