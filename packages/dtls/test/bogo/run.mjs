// Runs BoringSSL's test runner against the shim. See README.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const runner = process.env.BOGO_RUNNER
if (runner === undefined) {
  console.error(
    'BOGO_RUNNER must name the built runner, which stands in ssl/test/runner of a BoringSSL checkout.',
  )
  process.exit(2)
}
const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'purertc-bogo-'))
try {
  const shim = join(scratch, 'shim.mjs')
  const results = join(scratch, 'results.json')
  const built = spawnSync(process.execPath, [here('build.mjs'), shim], { stdio: 'inherit' })
  if (built.status !== 0) process.exit(1)
  const [pattern = '*DTLS*', ...rest] = process.argv.slice(2)
  const args = ['-shim-path', shim, '-shim-config', here('config.json'), '-json-output', results]
  const options = ['-pipe', '-num-workers', '2', '-test', pattern, ...rest]
  const run = spawnSync(runner, [...args, ...options], { cwd: dirname(runner), stdio: 'inherit' })
  const counts = {}
  for (const { actual } of Object.values(JSON.parse(readFileSync(results, 'utf8')).tests))
    counts[actual] = (counts[actual] ?? 0) + 1
  console.log(counts)
  process.exitCode = run.status ?? 1
} finally {
  rmSync(scratch, { recursive: true })
}
