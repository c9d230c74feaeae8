import { describe, expect, test } from '@jest/globals'

import { ProtocolVersion } from '../../src/index.ts'
import { only12, upTo13 } from '../pair.ts'
import { Roaming, type RoamingOptions, textsOf } from './roaming.ts'

const attacker = '203.0.113.66 6666'

describe.each([
  ['1.2', only12],
  ['1.3', upTo13],
])('DTLS %s with connection IDs', (version, versions) => {
  const roam = (options: RoamingOptions = {}): Roaming =>
    new Roaming({
      ...options,
      client: { versions, ...options.client },
      server: { versions, ...options.server },
    })

  /** The datagram of a record of the client's, which does not reach the server. */
  const capture = (roaming: Roaming, text: string): Uint8Array => {
    const caught: Uint8Array[] = []
    roaming.network.intercept((_path, bytes) => {
      caught.push(bytes.slice())
      return 'drop'
    })
    roaming.say(text)
    roaming.sim.advance(50)
    roaming.network.intercept(null)
    return caught[0] ?? new Uint8Array(0)
  }

  test('agrees on them and goes on as before', () => {
    const roaming = roam({ client: { connectionId: 3 }, server: { connectionId: 20 } }).connect()
    expect(roaming.client.session?.version).toBe(
      version === '1.2' ? ProtocolVersion.dtls12 : ProtocolVersion.dtls13,
    )
    expect(roaming.client.ids.map((id) => id.length)).toEqual([3])
    expect(roaming.server.ids.map((id) => id.length)).toEqual([20])
    roaming.say('there')
    roaming.reply('and back')
    roaming.sim.advance(100)
    expect(textsOf(roaming.server)).toEqual(['there'])
    expect(textsOf(roaming.client)).toEqual(['and back'])
    const [id = new Uint8Array(1)] = roaming.server.ids
    const at = version === '1.2' ? 11 : 1
    expect(roaming.seen.at(-1)?.bytes.subarray(at, at + 20)).toEqual(id)
    expect(roaming.server.moves).toEqual([])
  })

  test.each([
    ['neither end', undefined, undefined],
    ['the client alone', 8, undefined],
    ['the server alone', undefined, 8],
    ['a client that wants none', 0, 8],
    ['a server that wants none', 8, 0],
    ['ends that want none', 0, 0],
  ])('works where %s has one', (_name, client, server) => {
    const roaming = roam({
      client: client === undefined ? { connectionId: undefined as never } : { connectionId: client },
      server: server === undefined ? { connectionId: undefined as never } : { connectionId: server },
    }).connect()
    roaming.say('there')
    roaming.reply('and back')
    roaming.sim.advance(100)
    expect(textsOf(roaming.server)).toEqual(['there'])
    expect(textsOf(roaming.client)).toEqual(['and back'])
    expect(roaming.server.association.discarded.total + roaming.client.association.discarded.total).toBe(0)
  })

  test('does not look for them where the other end knows none', () => {
    const roaming = roam({ server: { connectionId: undefined as never } }).connect()
    expect(roaming.client.ids).toEqual([])
    expect(roaming.server.ids).toEqual([])
  })

  test('follows a client to its new address when the old one is silent', () => {
    const roaming = roam().connect()
    const before = roaming.server.association.path
    roaming.rebind()
    roaming.say('from elsewhere')
    roaming.sim.advance(50)
    const { from } = roaming.seen.at(-1) ?? { from: '' }
    expect(from).not.toBe(before)
    expect(textsOf(roaming.server)).toEqual(['from elsewhere'])
    // Until the client has answered, the reply waits.
    roaming.reply('so you moved')
    expect(roaming.sentTo.get(from)).toBeUndefined()
    roaming.sim.advance(1_200)
    expect(roaming.server.moves).toEqual([from])
    expect(roaming.server.association.path).toBe(from)
    expect(textsOf(roaming.client)).toEqual(['so you moved'])
  })

  test('follows it at once by the basic check', () => {
    const roaming = roam({ server: { returnRoutability: 'basic' } }).connect()
    roaming.rebind()
    roaming.say('from elsewhere')
    roaming.sim.advance(70)
    expect(roaming.server.moves).toHaveLength(1)
    roaming.reply('so you moved')
    roaming.sim.advance(30)
    expect(textsOf(roaming.client)).toEqual(['so you moved'])
  })

  test('follows every one of its moves', () => {
    const roaming = roam({ server: { returnRoutability: 'basic' } }).connect()
    for (let i = 0; i < 5; i++) {
      roaming.rebind()
      roaming.say(String(i))
      roaming.sim.advance(500)
      roaming.reply(String(i))
      roaming.sim.advance(500)
    }
    expect(new Set(roaming.server.moves).size).toBe(5)
    expect(textsOf(roaming.client)).toEqual(['0', '1', '2', '3', '4'])
  })

  test('stays with a client whose datagrams somebody forwards faster', () => {
    const roaming = roam().connect()
    const home = roaming.server.association.path
    const genuine = capture(roaming, 'genuine')
    roaming.inject(attacker, genuine)
    roaming.reply('to the client alone')
    roaming.sim.advance(3_000)
    expect(textsOf(roaming.server)).toEqual(['genuine'])
    expect(roaming.server.association.path).toBe(home)
    expect(roaming.sentTo.get(attacker)).toBeUndefined()
    expect(textsOf(roaming.client)).toEqual(['to the client alone'])
  })

  test('sends a spoofed address no more than three times what came from there', () => {
    const roaming = roam({ server: { returnRoutability: 'basic' } }).connect()
    const genuine = capture(roaming, '')
    roaming.inject(attacker, genuine)
    for (let i = 0; i < 100; i++) roaming.reply('x'.repeat(500))
    roaming.sim.advance(500)
    const toAttacker = roaming.sentTo.get(attacker) ?? 0
    expect(toAttacker).toBeGreaterThan(0)
    expect(toAttacker).toBeLessThanOrEqual(3 * genuine.length)
    roaming.sim.advance(3_000)
    expect(roaming.server.moves).toEqual([])
    expect(roaming.sentTo.get(attacker)).toBe(toAttacker)
    // All of it reaches the client, where it always was.
    expect(roaming.client.messages).toHaveLength(100)
  })

  test('is not moved by a record that was seen before', () => {
    const roaming = roam().connect()
    roaming.say('once')
    roaming.sim.advance(100)
    roaming.inject(attacker, roaming.seen.at(-1)?.bytes ?? new Uint8Array(0))
    roaming.sim.advance(3_000)
    expect(roaming.server.association.discarded.get('replayed')).toBe(1)
    expect(roaming.server.moves).toEqual([])
    expect(roaming.sentTo.get(attacker)).toBeUndefined()
  })

  test('is not moved by a late record from where the client was before', () => {
    const roaming = roam({ server: { returnRoutability: 'application' } }).connect()
    const home = roaming.server.association.path
    const late = capture(roaming, 'late')
    roaming.rebind()
    roaming.say('from elsewhere')
    roaming.sim.advance(100)
    const { path } = roaming.server.association
    expect(path).not.toBe(home)
    roaming.inject(home, late)
    expect(textsOf(roaming.server)).toEqual(['from elsewhere', 'late'])
    expect(roaming.server.association.path).toBe(path)
  })

  test('leaves a client where it was that does not know the check', () => {
    const roaming = roam({ client: { returnRoutability: 'application' } }).connect()
    const home = roaming.server.association.path
    roaming.rebind()
    roaming.say('from elsewhere')
    roaming.sim.advance(3_000)
    expect(textsOf(roaming.server)).toEqual(['from elsewhere'])
    expect(roaming.server.association.path).toBe(home)
    expect(roaming.server.moves).toEqual([])
  })

  test('leaves it to the application, if that has a check of its own', () => {
    const roaming = roam({ server: { returnRoutability: 'application' } }).connect()
    roaming.rebind()
    roaming.say('from elsewhere')
    roaming.sim.advance(30)
    expect(roaming.server.moves).toEqual([roaming.seen.at(-1)?.from])
  })

  test.each([
    [
      'another connection ID',
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === (version === '1.2' ? 12 : 2) ? byte ^ 1 : byte)),
    ],
    [
      'none, though we asked for one',
      (bytes: Uint8Array) =>
        version === '1.2'
          ? Uint8Array.of(23, ...bytes.subarray(1, 11), ...bytes.subarray(19))
          : Uint8Array.of(bytes[0]! & ~0x10, ...bytes.subarray(9)),
    ],
  ])('drops a record with %s', (_name, change) => {
    const roaming = roam().connect()
    const genuine = capture(roaming, 'genuine')
    const home = roaming.server.association.path
    roaming.inject(home, change(genuine))
    roaming.inject(attacker, change(genuine))
    expect(roaming.server.association.discarded.get('wrong-connection-id')).toBe(2)
    expect(roaming.server.messages).toEqual([])
    roaming.inject(home, genuine)
    expect(textsOf(roaming.server)).toEqual(['genuine'])
  })

  test('drops a record with a connection ID where none was agreed on', () => {
    const stranger = capture(roam().connect(), 'for somebody else')
    const roaming = roam({ server: { connectionId: undefined as never } }).connect()
    roaming.inject(attacker, stranger)
    expect(roaming.server.association.discarded.total).toBe(1)
    expect(roaming.server.association.state).toBe('connected')
  })

  test('gives up an address that does not answer, and follows later', () => {
    const roaming = roam({ server: { returnRoutability: 'basic' } }).connect()
    roaming.rebind()
    const genuine = capture(roaming, 'genuine')
    roaming.inject(attacker, genuine)
    roaming.sim.advance(1_500)
    expect(roaming.server.moves).toEqual([])
    roaming.say('it is me')
    roaming.sim.advance(200)
    expect(roaming.server.moves).toEqual([roaming.seen.at(-1)?.from])
  })

  test('survives moves over a network that loses a fifth', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const returnRoutability = seed % 2 === 0 ? 'basic' : 'enhanced'
      const roaming = roam({ seed, loss: 0.2, server: { returnRoutability } }).connect()
      expect(roaming.server.session).not.toBeNull()
      roaming.rebind()
      const sayAgain = (): boolean => {
        roaming.say('?')
        roaming.reply('!')
        roaming.sim.advance(700)
        return roaming.client.messages.length > 0 && roaming.server.moves.length > 0
      }
      let rounds = 0
      while (!sayAgain()) if (++rounds > 30) throw new Error(`seed ${seed} never moved`)
      expect(roaming.server.association.path).toBe(roaming.seen.at(-1)?.from)
    }
  })
})
