import { afterEach, describe, expect, test } from '@jest/globals'

import { cipherSuites } from '../../src/dtls13/cipher-suite.ts'
import { Pair, upTo13 } from '../pair.ts'

const [suite] = cipherSuites
if (suite === undefined) throw new Error('no suite')
const limits = { sealLimit: suite.sealLimit, forgeryLimit: suite.forgeryLimit }

/** As if the cipher wore out sooner: what RFC 9147 §4.5.3 allows takes minutes to reach. */
const wearOutAfter = (changed: Partial<typeof limits>): void => void Object.assign(suite, changed)

afterEach(() => wearOutAfter(limits))

const connect = (): Pair => {
  const pair = new Pair({ client: { versions: upTo13 }, server: { versions: upTo13 } }).handshake()
  pair.sim.advance(200)
  return pair
}

test('the limits are those of RFC 9147 §4.5.3', () => {
  expect(cipherSuites.map(({ name, sealLimit, forgeryLimit }) => [name, sealLimit, forgeryLimit])).toEqual([
    ['TLS_AES_128_GCM_SHA256', 23_726_566, 2 ** 36],
    ['TLS_AES_256_GCM_SHA384', 23_726_566, 2 ** 36],
    ['TLS_CHACHA20_POLY1305_SHA256', 2 ** 48 - 1, 2 ** 36],
  ])
})

describe('keys that have protected much', () => {
  test('are changed in good time, and nothing is lost', () => {
    wearOutAfter({ sealLimit: 400 })
    const pair = connect()
    const epochs = new Set<number>()
    pair.toServer.intercept((_index, bytes) => {
      epochs.add(bytes[0]! & 3)
      return 'pass'
    })
    for (let i = 0; i < 1_000; i++) {
      pair.client.association.send(pair.sim.now, Uint8Array.of(i, i >> 8))
      if (i % 10 === 9) pair.sim.advance(10)
    }
    pair.sim.advance(1_000)
    expect(pair.server.messages).toHaveLength(1_000)
    // A key serves a quarter of the limit, and until the peer has acknowledged the next.
    expect(epochs.size).toBeGreaterThanOrEqual(3)
    expect(pair.client.association.state).toBe('connected')
  })

  test('end the association at their limit where the peer acknowledges no others', () => {
    wearOutAfter({ sealLimit: 400 })
    const pair = connect()
    pair.toClient.intercept(() => 'drop')
    let sent = 0
    while (pair.client.association.state === 'connected' && sent < 1_000) {
      pair.client.association.send(pair.sim.now, Uint8Array.of(1))
      sent++
    }
    expect(pair.client.reason).toEqual({ kind: 'record-limit' })
    // What came before of this epoch counts, and the last record is the close_notify.
    expect(sent).toBeLessThanOrEqual(401)
    expect(sent).toBeGreaterThan(390)
    pair.sim.advance(100)
    expect(pair.server.reason).toEqual({ kind: 'close-notify' })
  })
})

describe('keys that forgers have tried', () => {
  const forge = (pair: Pair, count: number): void => {
    const forgery = Uint8Array.of(0x2f, 0, 0, 0, 40, ...new Uint8Array(40))
    for (let i = 0; i < count; i++) {
      forgery[1] = i
      pair.server.association.handleDatagram(pair.sim.now, forgery)
    }
  }

  test('are changed at the request of the end that sees them', () => {
    wearOutAfter({ forgeryLimit: 40 })
    const pair = connect()
    forge(pair, 20)
    pair.sim.advance(500)
    pair.client.association.send(pair.sim.now, Uint8Array.of(1))
    pair.sim.advance(100)
    expect(pair.server.messages).toHaveLength(1)
    // Under the new keys it begins anew.
    forge(pair, 39)
    expect(pair.server.association.state).toBe('connected')
  })

  test('end the association at their limit', () => {
    wearOutAfter({ forgeryLimit: 40 })
    const pair = connect()
    forge(pair, 39)
    expect(pair.server.association.state).toBe('connected')
    forge(pair, 1)
    expect(pair.server.reason).toEqual({ kind: 'record-limit' })
  })
})
