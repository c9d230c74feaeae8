import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { HelloGate } from '../../src/index.ts'
import { Pair, serverCertificate, upTo13 } from '../pair.ts'

const gate = (): HelloGate =>
  new HelloGate({
    role: 'server',
    crypto: nodeCrypto,
    certificate: serverCertificate,
    verify: { certificate: () => true },
  })

/** A client's first flight: one datagram, or two where it brings a hybrid share. */
function helloOf(groups: readonly ('x25519' | 'x25519mlkem768')[]): Uint8Array[] {
  const datagrams: Uint8Array[] = []
  const pair = new Pair({ client: { versions: upTo13, groups } })
  pair.client.send = (datagram) => datagrams.push(datagram.slice())
  pair.client.association.connect(pair.sim.now)
  return datagrams
}

/** The datagram under another random, so that nothing is like what came before. */
function another(datagram: Uint8Array, i: number): Uint8Array {
  const copy = datagram.slice()
  copy.set([i, i >> 8, i >> 16], 30)
  return copy
}

const spoofed = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:5000`
const now = Millis(1_000)

describe('a flood of ClientHellos of DTLS 1.3 from spoofed sources', () => {
  test('is answered by no more bytes than it has, and remembered by nobody', () => {
    const door = gate()
    const [hello = new Uint8Array(0)] = helloOf(['x25519'])
    let answers = 0
    for (let i = 0; i < 1_000; i++) {
      const verdict = door.examine(now, spoofed(i), another(hello, i))
      expect(verdict).toBeInstanceOf(Uint8Array)
      if (!(verdict instanceof Uint8Array)) continue
      answers++
      expect(verdict.length).toBeLessThanOrEqual(hello.length)
    }
    expect(answers).toBe(1_000)
  })

  test('that brings first fragments alone is not answered, and room is made at the expense of the oldest', () => {
    const door = gate()
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = helloOf(['x25519mlkem768', 'x25519'])
    expect(second.length).toBeGreaterThan(0)
    for (let i = 0; i < 1_000; i++) expect(door.examine(now, spoofed(i), first)).toBe('drop')
    // The latest are still there; nothing is left of those before the last 128.
    expect(door.examine(now, spoofed(999), second)).toBeInstanceOf(Uint8Array)
    expect(door.examine(now, spoofed(999 - 128), second)).toBe('drop')
  })

  test('with a cookie that was given to somebody else begins nothing', () => {
    const pair = new Pair({ client: { versions: upTo13 }, server: { versions: upTo13 } })
    const fromClient: Uint8Array[] = []
    pair.toServer.intercept((_index, bytes) => {
      fromClient.push(bytes.slice())
      return 'pass'
    })
    pair.handshake()
    expect(pair.isConnected).toBe(true)
    const door = gate()
    for (let i = 0; i < 100; i++)
      for (const datagram of fromClient) expect(door.examine(now, spoofed(i), datagram)).not.toBe('accept')
  })
})
