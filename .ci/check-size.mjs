/** What a page loads: bundled, minified and compressed, each entry within its budget. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'

import { root } from './lib/command.mjs'

/** Bytes of gzip. */
const budgets = { 'packages/signaling-client/dist/index.js': 6 * 1_024 }

for (const [entry, budget] of Object.entries(budgets)) {
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  })
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length
  console.log(`${size <= budget ? 'ok    ' : 'FAILED'} ${entry}: ${size} of ${budget} bytes`)
  if (size > budget) process.exitCode = 1
}
