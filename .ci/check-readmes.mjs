/**
 * Type-checks every ```ts block of the READMEs, each as a module that imports the packages by their names, and looks
 * whether the README tells to install them all.
 */
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
let isComplete = true
for (const { readme, home } of sources) {
  if (!existsSync(join(root, readme))) throw new Error(`${readme} is missing`)
  const text = readFileSync(join(root, readme), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)]
  const told = [...text.matchAll(/^npm install (.*)$/gm)].map(([, names]) => names).join(' ')
  const isPrivate = manifestOf(home).private === true
  for (const [, name] of blocks.flatMap(([block]) => [...block.matchAll(/ from '(@purertc\/[a-z-]+)/g)]))
    if (!isPrivate && !told.split(/\s+/).includes(name)) {
      console.error(`${readme}: an example imports ${name}, and no line tells to install it`)
      isComplete = false
    }
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
process.exitCode = isComplete ? code : 1

function manifestOf(home) {
  return JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8'))
}
