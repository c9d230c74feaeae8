import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { type DtlsConfig, HelloGate } from '../../src/index.ts'
import { Pair, type PairOptions, serverCertificate, upTo13 } from '../pair.ts'

const address = '192.0.2.1:5000'
const config: DtlsConfig = {
  role: 'server',
  crypto: nodeCrypto,
  certificate: serverCertificate,
  verify: { certificate: () => true },
}
const at = (ms: number): Millis => Millis(ms)

/** Both speak 1.3, and the server asks for cookies. */
const pairOf = (options: PairOptions = {}): Pair =>
  new Pair({
    ...options,
    client: { versions: upTo13, ...options.client },
    server: { versions: upTo13, ...options.server },
  })

/** The datagrams of a client's first flight. */
function helloOf(pair: Pair): Uint8Array[] {
  const hello: Uint8Array[] = []
  pair.client.send = (datagram) => hello.push(datagram.slice())
  pair.client.association.connect(pair.sim.now)
  return hello
}

describe('a server of DTLS 1.3 that requires cookies', () => {
  test('costs the client one more round trip', () => {
    const pair = pairOf().handshake()
    expect(pair.isConnected).toBe(true)
    expect(pair.sim.now).toBe(1_000 + 5 * 20)
    expect(pair.client.session?.group?.name).toBe('x25519mlkem768')
  })

  test('asks for cookie and share at once', () => {
    const pair = pairOf({ server: { groups: ['p-384'] } }).handshake()
    expect(pair.client.session?.group?.name).toBe('p-384')
    expect(pair.sim.now).toBe(1_000 + 5 * 20)
  })

  test.each([300, 576, 1_500])('takes hellos in fragments of an MTU of %i, in any order', (mtu) => {
    for (let seed = 0; seed < 5; seed++) {
      const pair = pairOf({
        seed,
        client: { mtu, retransmitTimeout: 100 },
        server: { mtu, retransmitTimeout: 100 },
        conditions: { latency: 10, reorder: 0.5, duplicate: 0.2 },
      }).handshake()
      expect([pair.client.reason, pair.server.reason]).toEqual([null, null])
      expect(pair.isConnected).toBe(true)
    }
  })

  test('begins nothing for a hello without cookie, and says no more than it was told', () => {
    const pair = pairOf()
    const hello = helloOf(pair)
    const answers: Uint8Array[] = []
    pair.server.send = (datagram) => answers.push(datagram.slice())
    for (let i = 0; i < 50; i++)
      for (const datagram of hello) pair.server.association.handleDatagram(pair.sim.now, datagram)
    expect(pair.server.association.state).toBe('new')
    expect(pair.server.association.nextTimeout).toBe(Infinity)
    const size = (datagrams: readonly Uint8Array[]): number =>
      datagrams.reduce((sum, { length }) => sum + length, 0)
    expect(answers).toHaveLength(50)
    expect(size(answers)).toBeLessThan(50 * size(hello))
  })
})

describe('the gate', () => {
  const small = (): Uint8Array => {
    const [hello] = helloOf(pairOf({ client: { groups: ['x25519'] } }))
    if (hello === undefined) throw new Error('no hello')
    return hello
  }

  test('answers a whole hello at once, in fewer bytes', () => {
    const hello = small()
    const answer = new HelloGate(config).examine(at(0), address, hello)
    if (typeof answer === 'string') throw new Error(answer)
    expect(answer.length).toBeLessThan(hello.length)
    // ServerHello, whose version says 1.2.
    expect([answer[13], answer[25], answer[26]]).toEqual([2, 0xfe, 0xfd])
  })

  test('opens its cookies for their client alone, for a minute or two', () => {
    const gate = new HelloGate(config)
    const answer = gate.examine(at(0), address, small())
    if (typeof answer === 'string') throw new Error(answer)
    // The cookie is the last extension: its length stands before it.
    const cookie = answer.slice(-(2 + 2 + 32 + 1 + 32 + 32))
    expect(gate.openCookie(address, cookie)).toMatchObject({ cipherSuite: 0x1301, group: null })
    expect(gate.openCookie('192.0.2.1:5001', cookie)).toBeNull()
    expect(new HelloGate(config).openCookie(address, cookie)).toBeNull()
    expect(gate.openCookie(address, cookie.subarray(1))).toBeNull()
    expect(gate.openCookie(address, new Uint8Array(0))).toBeNull()
    for (let i = 0; i < cookie.length; i++) {
      const changed = cookie.slice()
      changed[i]! ^= 1
      expect(gate.openCookie(address, changed)).toBeNull()
    }
    gate.examine(at(61_000), address, small())
    expect(gate.openCookie(address, cookie)).not.toBeNull()
    gate.examine(at(122_000), address, small())
    expect(gate.openCookie(address, cookie)).toBeNull()
  })

  test('has no more room for unfinished hellos than for so many', () => {
    const gate = new HelloGate(config)
    const [first, second] = helloOf(pairOf())
    if (first === undefined || second === undefined) throw new Error('no fragments')
    expect(gate.examine(at(0), address, first)).toBe('drop')
    for (let i = 0; i < 200; i++) expect(gate.examine(at(0), `10.0.0.${i}:1`, first)).toBe('drop')
    // Ours has given way. The latest are there.
    expect(gate.examine(at(0), address, second)).toBe('drop')
    expect(typeof gate.examine(at(0), '10.0.0.199:1', second)).toBe('object')
  })

  test('ends what could not be an association by an alert', () => {
    const gate = new HelloGate({ ...config, groups: ['p-384'], versions: upTo13 })
    const [hello] = helloOf(pairOf({ client: { groups: ['x25519'] } }))
    const answer = gate.examine(at(0), address, hello ?? new Uint8Array(0))
    expect([...(answer as Uint8Array)].slice(-2)).toEqual([2, 40])
  })
})
