/**
 * What agents behind one port cost: connecting, memory, and CPU while nothing but consent checks and keep-alives goes
 * on. Needs `npm run build`; about 50 s for 5,000 agents.
 *
 *     node --conditions=@purertc/source --import tsx packages/ice/bench/mux-scale.ts [count] [lite|full] [profile]
 *
 * `profile` names a file that a CPU profile of the idle time is left in, for Chromium's developer tools.
 */
import { describeCosts, measureCrowd } from '../test/support/crowd.ts'

const [countText = '5000', kindText = 'full', profile] = process.argv.slice(2)
const kind = kindText === 'lite' ? 'lite' : 'full'
const options = {
  count: Number(countText),
  kind,
  warm: 15_000,
  // Three times what lies between two checks.
  idle: 16_000,
  ...(profile !== undefined && { profile }),
} as const
console.info(describeCosts(options, await measureCrowd(options)))
