import { expect, test } from '@jest/globals'

import { streamBetweenProcesses } from './support/streaming-pair.ts'

/** A gibibyte; `PURERTC_STREAMED_BYTES` says another size. */
const size = Number(process.env['PURERTC_STREAMED_BYTES'] ?? 1_073_741_824)
/** Bytes by which a process may grow: what waits at both ends is below 10 MiB, the rest is garbage not yet collected. */
const mostGrowth = 300 * 1_048_576

test(`one message of ${size} bytes goes from process to process, and neither holds it`, async () => {
  const [sent, received] = await streamBetweenProcesses(size)
  expect(received).toMatchObject({ bytes: size, sha256: sent.sha256 })
  expect(sent.bytes).toBe(size)
  expect(Math.max(sent.memoryGrowth, received.memoryGrowth)).toBeLessThan(mostGrowth)
}, 600_000)
