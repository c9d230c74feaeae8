/**
 * Packs every public package as it would be published, checks exports and types of the tarballs (publint,
 * arethetypeswrong), installs them in an empty folder with npm, has a strict TypeScript read their declarations, and
 * runs the programs of `runtimes/` from there on Node, Bun and Deno.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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

/** Entries beside `.` of a package with optional peers are what those peers are for. */
const entriesOf = (manifest) =>
  Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `${manifest.name}${entry.slice(1)}`)
const peersOf = (manifest) =>
  Object.entries(manifest.peerDependencies ?? {}).map(([name, range]) => `${name}@${range}`)
const entries = manifests.flatMap(entriesOf)
const plain = manifests.flatMap((manifest) =>
  peersOf(manifest).length > 0 ? [manifest.name] : entriesOf(manifest),
)
const imports = (names) => names.map((entry) => `await import('${entry}')`).join('\n')
writeFileSync(join(home, 'plain.mjs'), imports(plain))
await check(`import of ${plain.length} entries without peers`, ['node', 'plain.mjs'], { cwd: home })
const peers = manifests.flatMap(peersOf)
await check('install of the optional peers', ['npm', 'install', '--no-audit', '--no-fund', ...peers], {
  cwd: home,
})
writeFileSync(join(home, 'entries.mjs'), imports(entries))
await check(`import of all ${entries.length} entries`, ['node', 'entries.mjs'], { cwd: home })

/** As strict as a user may be, with the declarations of what is installed checked as well. */
await check('install of the types of Node', ['npm', 'install', '--no-audit', '--no-fund', '@types/node@20'], {
  cwd: home,
})
writeFileSync(
  join(home, 'entries.ts'),
  entries.map((entry, at) => `export * as entry${at} from '${entry}'`).join('\n'),
)
const typeScript = join(root, 'node_modules/typescript/bin/tsc')
const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
for (const [module, resolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])
  await check(
    `declarations under moduleResolution ${resolution}`,
    [
      ...['node', typeScript, ...strict, '--skipLibCheck', 'false', '--target', 'es2022', '--types', 'node'],
      ...['--module', module, '--moduleResolution', resolution, 'entries.ts'],
    ],
    { cwd: home },
  )

const runtimes = join(folder, 'runtimes')
mkdirSync(runtimes)
writeFileSync(join(runtimes, 'package.json'), JSON.stringify({ name: 'runtimes', private: true }))
await check('install of Bun and Deno', ['npm', 'install', '--no-audit', '--no-fund', 'bun@1', 'deno@2'], {
  cwd: runtimes,
})
const runners = {
  Node: ['node'],
  Bun: [join(runtimes, 'node_modules/.bin/bun'), 'run'],
  Deno: [join(runtimes, 'node_modules/.bin/deno'), 'run', '--allow-all'],
}
for (const program of readdirSync(join(root, '.ci/runtimes'))) {
  copyFileSync(join(root, '.ci/runtimes', program), join(home, program))
  for (const [runtime, runner] of Object.entries(runners))
    await check(`${program} on ${runtime}`, [...runner, program], { cwd: home, timeout: 60_000 })
}

rmSync(folder, { recursive: true, force: true })
process.exitCode = failed ? 1 : 0
