import { describe, expect, test } from '@jest/globals'
import { Random } from '@purertc/netsim'

import { parseCandidate } from '../src/index.ts'
import { introduce, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

describe('noise', () => {
  test('10,000 random and mutated datagrams during checks: the connection comes about and stays', () => {
    const world = new World({ seed: 11 })
    const a = world.peer({ role: 'controlling', uses: 'both' })
    const b = world.peer({ role: 'controlled', uses: 'both' })
    const random = new Random(12)
    const captured: Uint8Array[] = []
    world.network.intercept((_path, bytes) => {
      if (captured.length < 500) captured.push(bytes.slice())
      return 'pass'
    })
    introduce(world.sim, a, b)
    const sources = [a.sockets[0]!.local, b.sockets[0]!.local, world.servers.turn.address]
    let sent = 0
    const storm = (): void => {
      for (let i = 0; i < 100; i++, sent++) {
        const from = sources[random.int(3)]!
        const to = sources[random.int(2)]!
        world.network.inject(from, to, noise(random, captured))
      }
      if (sent < 10_000) world.sim.after(20, storm)
    }
    storm()
    expect(world.run(() => isConnected(a, b), 30_000)).toBe(true)
    expect(world.run(() => sent >= 10_000, 30_000)).toBe(true)
    world.sim.advance(1_000)
    const { received } = b
    received.length = 0
    a.send('through the storm')
    world.sim.advance(200)
    expect(received).toContain('through the storm')
    expect([...a.states, ...b.states]).not.toContain('failed')
    for (const { agent } of [a, b]) expect(agent.pairs.length).toBeLessThanOrEqual(100)
  })

  test('10,000 candidate lines, random and mutated: null, or a candidate', () => {
    const random = new Random(13)
    const line =
      'candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.17 rport 46154 generation 0 ufrag EEtu network-id 3'
    for (let i = 0; i < 10_000; i++) {
      const chars = Array.from(line)
      for (let edits = random.int(6); edits >= 0; edits--) {
        const at = random.int(chars.length)
        const kind = random.int(3)
        if (kind === 0) chars.splice(at, random.int(10))
        if (kind === 1) chars.splice(at, 0, ...chars.slice(random.int(chars.length)))
        if (kind === 2) chars[at] = String.fromCharCode(random.int(random.chance(0.9) ? 128 : 0xffff))
      }
      const candidate = parseCandidate(chars.join(''))
      if (candidate !== null) expect(candidate.port).toBeLessThanOrEqual(0xffff)
    }
  })
})

function noise(random: Random, captured: readonly Uint8Array[]): Uint8Array {
  const model = captured[random.int(captured.length || 1)]
  if (model === undefined || random.chance(0.2)) {
    const bytes = new Uint8Array(random.int(200))
    random.fill(bytes)
    // Otherwise hardly one would get past the first two bits.
    if (bytes.length >= 8 && random.chance(0.5))
      bytes.set([0, random.int(20), 0, bytes.length - 20, 0x21, 0x12, 0xa4, 0x42])
    return bytes
  }
  // One in ten is a pure replay.
  if (random.chance(0.1)) return model
  const bytes = model.slice(0, random.chance(0.2) ? random.int(model.length + 1) : model.length)
  for (let edits = 1 + random.int(4); edits > 0 && bytes.length > 0; edits--)
    bytes[random.int(bytes.length)] = random.int(256)
  return bytes
}
