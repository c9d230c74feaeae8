import { nodeCrypto } from '../src/node/index.ts'
import type { KeyExchangeGroup } from '../src/index.ts'

/*
 * What a key exchange costs both ends together, in CPU time: a pair, an answer to it, and the agreement. The groups take
 * turns, so that noise of the machine falls on all of them. Run with
 * `node --conditions=@purertc/source --import tsx packages/crypto/bench/key-exchange.ts`.
 */
const groups: readonly KeyExchangeGroup[] = ['x25519', 'x25519mlkem768', 'p-256', 'p-384']
const rounds = 20
const perRound = 20

const spent = new Map<KeyExchangeGroup, number[]>(groups.map((group) => [group, []]))
for (let round = 0; round <= rounds; round++)
  for (const group of groups) {
    const before = process.cpuUsage()
    for (let i = 0; i < perRound; i++) {
      const ours = nodeCrypto.createKeyExchange(group)
      const answer = nodeCrypto.answerKeyExchange(group, ours.publicKey)
      if (!Buffer.from(ours.agree(answer.publicKey)).equals(answer.secret))
        throw new Error(`${group}: no agreement`)
    }
    const { user, system } = process.cpuUsage(before)
    // The first round is for the compiler.
    if (round > 0) spent.get(group)?.push((user + system) / perRound)
  }
for (const [group, times] of spent) {
  const [median = 0] = times.sort((a, b) => a - b).slice(rounds / 2)
  process.stdout.write(`${group.padEnd(16)} ${median.toFixed(0).padStart(6)} µs\n`)
}
