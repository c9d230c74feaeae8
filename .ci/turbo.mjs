/** turbo with pnpm at hand, which it calls: `node .ci/turbo.mjs run build --filter=@purertc/stun`. */
import { pnpm, run } from './lib/command.mjs'

process.exitCode = await run(pnpm('exec', 'turbo', ...process.argv.slice(2)))
