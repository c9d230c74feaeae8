/** `npm run build`: every package and app. */
import { build, install } from './lib/setup.mjs'

try {
  await install()
  await build()
} catch (error) {
  console.error(`Failed: ${error.message}.`)
  process.exitCode = 1
}
