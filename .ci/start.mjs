/** `npm start`: sets the workspace up, then shows two peers meeting through the whole stack. */
import { run } from './lib/command.mjs'
import { build, install } from './lib/setup.mjs'

const started = performance.now()
try {
  console.log('Setting up: installing and building the workspace …')
  await install()
  await build()
} catch (error) {
  console.error(`Setup failed: ${error.message}.`)
  process.exit(1)
}
console.log(`Setting up: done in ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
process.exitCode = await run(['node', 'apps/cli-peer/dist/tour/main.js', ...process.argv.slice(2)])
