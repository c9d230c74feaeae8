/** Type-checks every ```ts block of the READMEs, each as a module that imports the packages by their names. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { root, run } from './lib/command.mjs'

const scratch = '.readme-check'
const homes = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => join(folder, name)),
)
const sources = [
  // The root README's examples import what a user installs: the peer connection.
  { readme: 'README.md', home: 'packages/peer-connection' },
  ...homes.map((home) => ({ readme: join(home, 'README.md'), home })),
]

const files = []
for (const { readme, home } of sources) {
  if (!existsSync(join(root, readme))) throw new Error(`${readme} is missing`)
  const blocks = [...readFileSync(join(root, readme), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)]
  if (blocks.length === 0 && home.startsWith('packages')) throw new Error(`${readme} has no example`)
  for (const [index, block] of blocks.entries()) {
    const folder = join(root, home, scratch)
    mkdirSync(folder, { recursive: true })
    const name = `${readme.includes('/') ? 'package' : 'root'}-${index}.ts`
    writeFileSync(join(folder, name), `${block[1]}\nexport {}\n`)
    files.push(join(folder, name))
  }
}

const project = join(root, '.readme-check.tsconfig.json')
writeFileSync(
  project,
  JSON.stringify({
    extends: './tsconfig.base.json',
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noEmit: true,
      noUnusedLocals: false,
    },
    files,
  }),
)
const code = await run(['npx', 'tsc', '-p', project])
rmSync(project)
for (const home of homes) rmSync(join(root, home, scratch), { recursive: true, force: true })
console.log(`${files.length} examples in ${sources.length} READMEs`)
process.exitCode = code
