import { describe, expect, test } from '@jest/globals'
import { toHex } from '@purertc/bytes'

import { DtlsError, findConnectionId } from '../../src/index.ts'
import { only12 } from '../pair.ts'
import { Roaming, textsOf } from './roaming.ts'

/** The connection ID in the last datagram that reached the server. */
const lastId = ({ seen }: Roaming): string =>
  toHex(findConnectionId(seen.at(-1)?.bytes ?? new Uint8Array(1), 8) ?? new Uint8Array(0))

describe('connection IDs in reserve (RFC 9147 §9)', () => {
  test('are asked for, and used on the next path', () => {
    const roaming = new Roaming().connect()
    const [first = new Uint8Array(0)] = roaming.server.ids
    expect(roaming.client.association.requestConnectionIds(roaming.sim.now, 3)).toBe(true)
    expect(roaming.client.association.requestConnectionIds(roaming.sim.now, 3)).toBe(false)
    roaming.sim.advance(500)
    expect(roaming.server.ids).toHaveLength(4)
    roaming.say('still the first')
    roaming.sim.advance(100)
    expect(lastId(roaming)).toBe(toHex(first))

    roaming.leaveFor('198.51.100.9')
    roaming.say('now the second')
    roaming.sim.advance(1_500)
    expect(lastId(roaming)).toBe(toHex(roaming.server.ids[1] ?? first))
    expect(roaming.server.moves).toHaveLength(1)
    expect(textsOf(roaming.server)).toEqual(['still the first', 'now the second'])
    expect(roaming.client.association.requestConnectionIds(roaming.sim.now, 1)).toBe(true)
  })

  test('come with the challenge to a new path', () => {
    const roaming = new Roaming().connect()
    expect(roaming.server.association.requestConnectionIds(roaming.sim.now, 1)).toBe(true)
    roaming.sim.advance(500)
    const [, second = new Uint8Array(0)] = roaming.client.ids
    roaming.rebind()
    const challenged: string[] = []
    roaming.network.intercept(({ to }, bytes) => {
      if (to.port !== 5684) challenged.push(toHex(findConnectionId(bytes, 8) ?? new Uint8Array(0)))
      return 'pass'
    })
    roaming.say('from elsewhere')
    roaming.sim.advance(1_500)
    expect(challenged.at(-1)).toBe(toHex(second))
    expect(roaming.server.moves).toHaveLength(1)
  })

  test('are replaced at once where that is wanted, and those before are retired', () => {
    const roaming = new Roaming().connect()
    const before = roaming.server.ids.map((id) => toHex(id))
    for (let i = 0; i < 20; i++) {
      expect(roaming.server.association.issueConnectionIds(roaming.sim.now, 1, 'immediate')).toBe(true)
      roaming.sim.advance(500)
      roaming.say(String(i))
      roaming.sim.advance(500)
      expect(lastId(roaming)).toBe(toHex(roaming.server.ids.at(-1) ?? new Uint8Array(0)))
    }
    expect(roaming.server.messages).toHaveLength(20)
    expect(roaming.server.ids.length).toBeLessThanOrEqual(3)
    expect(roaming.server.ids.map((id) => toHex(id))).not.toContain(before[0])
  })

  test('wait for a change of keys, and it for them', () => {
    const roaming = new Roaming().connect()
    const { now } = roaming.sim
    roaming.client.association.updateKeys(now, true)
    expect(roaming.client.association.requestConnectionIds(now, 2)).toBe(true)
    roaming.server.association.issueConnectionIds(now, 2)
    roaming.server.association.updateKeys(now)
    roaming.sim.advance(5_000)
    roaming.say('under new keys')
    roaming.reply('as well')
    roaming.sim.advance(200)
    expect(textsOf(roaming.server)).toEqual(['under new keys'])
    expect(textsOf(roaming.client)).toEqual(['as well'])
    expect(roaming.server.ids.length).toBe(5)
  })

  test('are lost and sent again over a network that loses a third', () => {
    const roaming = new Roaming({ seed: 5, loss: 0.33 }).connect()
    roaming.client.association.requestConnectionIds(roaming.sim.now, 7)
    roaming.server.association.requestConnectionIds(roaming.sim.now, 7)
    roaming.sim.advance(30_000)
    expect([roaming.server.ids.length, roaming.client.ids.length]).toEqual([8, 8])
  })

  test('are not to be had in DTLS 1.2, before the handshake, or without connection IDs', () => {
    const old = new Roaming({ client: { versions: only12 } }).connect()
    expect(old.client.association.requestConnectionIds(old.sim.now, 1)).toBe(false)
    expect(old.server.association.issueConnectionIds(old.sim.now, 1)).toBe(false)
    const without = new Roaming({ client: { connectionId: undefined as never } }).connect()
    expect(without.client.association.requestConnectionIds(without.sim.now, 1)).toBe(false)
    expect(without.client.association.issueConnectionIds(without.sim.now, 1)).toBe(false)
    const early = new Roaming()
    expect(() => early.client.association.requestConnectionIds(early.sim.now, 1)).toThrow(DtlsError)
  })
})

test('a client that left a path says so there, and is followed at once', () => {
  const roaming = new Roaming().connect()
  const home = roaming.server.association.path
  const answers: string[] = []
  roaming.network.intercept(({ from, to }) => {
    answers.push(
      `${from.port === 5684 ? 'to' : 'from'} ${home === `${to.address} ${to.port}` || home === `${from.address} ${from.port}` ? 'home' : 'away'}`,
    )
    return 'pass'
  })
  const { address, port } = roaming.leaveFor('198.51.100.9')
  roaming.say('from elsewhere')
  roaming.sim.advance(200)
  expect(roaming.server.moves).toEqual([`${address} ${port}`])
  // Data; the challenge on the former path and the answer there; then the same on the new one.
  expect(answers).toEqual(['from away', 'to home', 'from home', 'to away', 'from away'])
})

describe('a configuration', () => {
  test.each([-1, 256, 1.5, Number.NaN])('of %s bytes is refused', (connectionId) => {
    expect(() => new Roaming({ client: { connectionId } })).toThrow(DtlsError)
  })

  test('takes connection IDs of the host', () => {
    let count = 0
    const roaming = new Roaming({ server: { connectionId: () => Uint8Array.of(7, ++count) } }).connect()
    expect(roaming.server.ids).toEqual([Uint8Array.of(7, 1)])
  })
})
