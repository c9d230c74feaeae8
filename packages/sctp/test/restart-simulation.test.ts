import { expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { Pair, pattern } from './support/association-pair.ts'
import { scenario } from './support/scenario.ts'

/** As in the simulation of bad networks. */
const count = Math.min(Number(process.env['PURERTC_SEEDS'] ?? 100), 2_000)

test(`${count} seeds: a peer that loses all it knew begins anew, over any network`, () => {
  for (let seed = 1; seed <= count; seed++) expect([seed, play(seed)]).toEqual([seed, null])
}, 600_000)

/** What is wrong with the outcome, `null` for nothing. */
function play(seed: number): string | null {
  const { conditions, messages, config } = scenario(seed)
  const pair = new Pair({ seed, ...conditions, a: { config }, b: { config } }).connect()
  messages.forEach(({ fromA, at, stream, size }, i) =>
    pair.sim.after(at / 4, (now) =>
      (fromA ? pair.a : before).association.send(now, stream, i, pattern(size, i)),
    ),
  )
  const before = pair.b
  pair.run(501 + (seed % 400))
  const early = { a: pair.a.received.length, b: before.received.length }
  pair.restartB({ config })
  pair.b.association.connect(pair.now)
  pair.runUntil(() => pair.a.restarted === 1 && pair.b.connected === 1)
  if (pair.b.received.length > 0) return 'a message of before came to the new association'
  const late = messages.map(({ size }, i) => ({
    number: 100 + i,
    stream: i % 3,
    bytes: pattern(size, 100 + i),
  }))
  for (const { number, stream, bytes } of late)
    for (const { association } of [pair.a, pair.b]) association.send(pair.now, stream, number, bytes)
  const numbers = (received: readonly { readonly protocol: number }[]): number[] =>
    received.map(({ protocol }) => protocol).filter((protocol) => protocol >= 100)
  pair.runUntil(() => [pair.a, pair.b].every((end) => numbers(end.received).length >= late.length), 3_600_000)
  pair.run(60_000)
  for (const end of [pair.a, pair.b]) {
    if (new Set(numbers(end.received)).size !== numbers(end.received).length) return 'a message came twice'
    for (const { protocol, message } of end.received)
      if (protocol >= 100 && !equalBytes(message, late[protocol - 100]!.bytes)) return 'a message is damaged'
    for (const stream of [0, 1, 2]) {
      const inOrder = numbers(end.received.filter((received) => received.stream === stream))
      if (inOrder.some((number, i) => i > 0 && number < inOrder[i - 1]!)) return 'a stream is out of order'
    }
    if (end.association.receiveBuffered !== 0) return 'something is held'
    if (end.closed.length > 0) return `closed: ${end.closed[0]!.message}`
  }
  return early.a + early.b > 0 || (conditions.loss ?? 0) > 0.2 ? null : 'nothing came before the restart'
}
