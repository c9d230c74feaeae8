// Bundles the shim with the sources it tests into one executable file: starting it costs one process and one read.
import { chmodSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const outfile = process.argv[2]
if (outfile === undefined) throw new Error('usage: node build.mjs OUTFILE')
await build({
  entryPoints: [fileURLToPath(new URL('shim.ts', import.meta.url))],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['@purertc/source'],
  external: ['@peculiar/x509', 'reflect-metadata'],
  banner: { js: '#!/usr/bin/env node' },
})
chmodSync(outfile, 0o755)
