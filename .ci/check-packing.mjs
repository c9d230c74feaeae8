/**
 * Packs every public package as it would be published, checks exports and types of the tarballs (publint,
 * arethetypeswrong), installs them in an empty folder with npm, and runs a data channel from there.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { pnpm, root, run } from './lib/command.mjs'

const folder = mkdtempSync(join(tmpdir(), 'purertc-packing-'))
let failed = false
const check = async (title, command, options) => {
  const code = await run(command, { quiet: true, ...options })
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${title}`)
  if (code !== 0) failed = true
}

const manifests = readdirSync(join(root, 'packages'))
  .map((name) => ({
    name,
    ...JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')),
    folder: join(root, 'packages', name),
  }))
  .filter((manifest) => !manifest.private)

const tarballs = []
for (const manifest of manifests) {
  const tarball = join(folder, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
  tarballs.push(tarball)
  await check(`${manifest.name}: pack`, pnpm('pack', '--pack-destination', folder), { cwd: manifest.folder })
  await check(`${manifest.name}: publint`, ['npx', 'publint', tarball, '--strict'])
  await check(`${manifest.name}: types`, ['npx', 'attw', tarball, '--profile', 'esm-only'])
}

const home = join(folder, 'fresh')
mkdirSync(home)
writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'fresh', private: true, type: 'module' }))
await check(
  'install of the tarballs in an empty folder',
  ['npm', 'install', '--no-audit', '--no-fund', ...tarballs],
  { cwd: home },
)

const entries = manifests.flatMap((manifest) =>
  Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `${manifest.name}${entry.slice(1)}`),
)
writeFileSync(join(home, 'entries.mjs'), entries.map((entry) => `await import('${entry}')`).join('\n'))
await check(`import of all ${entries.length} entries`, ['node', 'entries.mjs'], { cwd: home })
writeFileSync(join(home, 'hello.mjs'), readFileSync(new URL('./fresh-install-hello.mjs', import.meta.url)))
await check('a data channel says hello', ['node', 'hello.mjs'], { cwd: home })

rmSync(folder, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
