import { describe, expect, test } from '@jest/globals'
import { Millis, Reader } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { CookieJar } from '../../src/cookie/cookie-jar.ts'
import { HelloGate, ProtocolVersion } from '../../src/index.ts'
import type { ClientParameters } from '../../src/messages/client-hello.ts'
import { decodeHelloVerifyRequest } from '../../src/dtls12/messages/hello-verify-request.ts'
import { RecordHeader } from '../../src/record/record-header.ts'
import { Pair, serverCertificate } from '../pair.ts'
import { chromiumClientHello } from '../vectors/chromium-156.ts'

const address = '192.0.2.1:5000'
const only12 = { versions: { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 } }
const gateConfig = {
  role: 'server' as const,
  crypto: nodeCrypto,
  certificate: serverCertificate,
  verify: { certificate: () => true },
  ...only12,
}
const parameters: ClientParameters = {
  version: 0xfefd,
  random: new Uint8Array(32).fill(1),
  sessionId: new Uint8Array(0),
  cipherSuites: [0xc02b],
  compressionMethods: Uint8Array.of(0),
}
const at = (ms: number): Millis => Millis(ms)

describe('a cookie', () => {
  test('is good for its client and its ClientHello only', () => {
    const jar = new CookieJar(nodeCrypto)
    const cookie = jar.bake(at(0), address, parameters)
    expect(jar.check(at(1), address, parameters, cookie)).toBe(true)
    expect(jar.check(at(1), '192.0.2.1:5001', parameters, cookie)).toBe(false)
    const others: Partial<ClientParameters>[] = [
      { version: 0xfefc },
      { random: new Uint8Array(32) },
      { sessionId: Uint8Array.of(1) },
      { cipherSuites: [0xc02b, 0xc02c] },
      { compressionMethods: Uint8Array.of(0, 1) },
    ]
    for (const other of others)
      expect(jar.check(at(1), address, { ...parameters, ...other }, cookie)).toBe(false)
    expect(jar.check(at(1), address, parameters, new Uint8Array(0))).toBe(false)
    expect(jar.check(at(1), address, parameters, cookie.subarray(1))).toBe(false)
    expect(new CookieJar(nodeCrypto).check(at(1), address, parameters, cookie)).toBe(false)
  })

  test('outlives one change of the secret and not two', () => {
    const jar = new CookieJar(nodeCrypto, 1_000)
    const cookie = jar.bake(at(0), address, parameters)
    expect(jar.check(at(1_500), address, parameters, cookie)).toBe(true)
    expect(jar.bake(at(1_500), address, parameters)).not.toEqual(cookie)
    expect(jar.check(at(2_500), address, parameters, cookie)).toBe(false)
  })

  test('is out of date after a long silence', () => {
    const jar = new CookieJar(nodeCrypto, 1_000)
    const cookie = jar.bake(at(0), address, parameters)
    expect(jar.check(at(10_000), address, parameters, cookie)).toBe(false)
  })
})

/** A ClientHello of ours, with or without the cookie that `answer` asks for. */
function helloOf(pair: Pair): Uint8Array {
  let hello = new Uint8Array(0)
  pair.client.send = (datagram) => (hello = datagram.slice())
  pair.client.association.connect(pair.sim.now)
  return hello
}

describe('the gate', () => {
  test('asks for a cookie in no more bytes than it was asked with', () => {
    const hello = helloOf(new Pair())
    const answer = new HelloGate(gateConfig).examine(at(0), address, hello)
    if (typeof answer === 'string') throw new Error(answer)
    expect(answer.length).toBeLessThan(hello.length)
    const header = new RecordHeader()
    expect(header.read(answer, 0)).toBe(true)
    expect(header.end).toBe(answer.length)
    expect(header.version).toBe(0xfeff)
    const reader = new Reader(answer, header.start, header.end)
    expect(reader.u8()).toBe(3)
    reader.skip(11)
    expect(decodeHelloVerifyRequest(reader.rest()).cookie).toHaveLength(32)
  })

  test('answers the first fragment of Chromium’s ClientHello, and ignores the second', () => {
    const gate = new HelloGate(gateConfig)
    const [first, second] = chromiumClientHello
    if (first === undefined || second === undefined) throw new Error('no fragments')
    expect(gate.examine(at(0), address, first)).toBeInstanceOf(Uint8Array)
    expect(gate.examine(at(0), address, second)).toBe('drop')
  })

  test('repeats the record’s and the message’s sequence number', () => {
    const hello = helloOf(new Pair())
    hello[10] = 9 // record sequence number
    hello[18] = 3 // message_seq
    const answer = new HelloGate(gateConfig).examine(at(0), address, hello)
    expect(answer[10]).toBe(9)
    expect(answer[18]).toBe(3)
  })

  test('drops all else', () => {
    const gate = new HelloGate(gateConfig)
    const hello = helloOf(new Pair())
    for (let end = 0; end < 60; end++)
      expect(gate.examine(at(0), address, hello.subarray(0, end))).toBe('drop')
    const changes: [at: number, byte: number][] = [
      [0, 23], // application data
      [1, 3], // TLS
      [4, 1], // epoch 1
      [13, 2], // ServerHello
      [21, 1], // not the first fragment
    ]
    for (const [offset, byte] of changes) {
      const changed = hello.slice()
      changed[offset] = byte
      expect(gate.examine(at(0), address, changed)).toBe('drop')
    }
  })
})

describe('a server that requires cookies', () => {
  test('keeps no state under a flood of ClientHellos', () => {
    const pair = new Pair()
    const hello = helloOf(pair)
    let answers = 0
    pair.server.send = () => answers++
    for (let i = 0; i < 10_000; i++) {
      hello[30] = i
      hello[31] = i >> 8
      pair.server.association.handleDatagram(pair.sim.now, hello)
    }
    expect(answers).toBe(10_000)
    expect(pair.server.association.state).toBe('new')
    expect(pair.server.association.nextTimeout).toBe(Infinity)
  })

  test('takes a fragmented ClientHello in whatever order the fragments come', () => {
    const pair = new Pair({
      client: { mtu: 160 },
      conditions: { latency: 20, reorder: 0.5 },
      seed: 3,
    }).handshake()
    expect(pair.isConnected).toBe(true)
  })

  test('whose secret changes meanwhile asks again', () => {
    const pair = new Pair({ client: { retransmitTimeout: 300_000, handshakeTimeout: 1_000_000 } })
    // The first answer takes two minutes; its cookie is out of date when it comes back.
    pair.toClient.conditions = { latency: 130_000 }
    pair.client.association.connect(pair.sim.now)
    pair.sim.advance(100)
    pair.toClient.conditions = { latency: 20 }
    pair.sim.run({ until: () => pair.isConnected })
    expect(pair.isConnected).toBe(true)
    expect(pair.toServer.sent).toBeGreaterThan(3)
  })
})
