/** `npm test`: installs what is missing and runs the unit, property, simulation and fuzz tests. */
import { run } from './lib/command.mjs'
import { install } from './lib/setup.mjs'

try {
  await install()
} catch (error) {
  console.error(`Setup failed: ${error.message}.`)
  process.exit(1)
}
process.exitCode = await run(['npm', 'run', '--silent', 'jest', '--', ...process.argv.slice(2)])
