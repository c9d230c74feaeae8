import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import type { Aead, CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { Pair } from './pair.ts'

/** Copies instead of sealing, so that only what the record layer itself allocates is left. */
const copying: Aead = {
  algorithm: 'aes-128-gcm',
  tagLength: 16,
  seal: (_nonce, _aad, plaintext, into, at) => {
    into.set(plaintext, at)
    return plaintext.length + 16
  },
  open: (_nonce, _aad, sealed, into, at) => {
    const length = sealed.length - 16
    for (let i = 0; i < length; i++) into[at + i] = sealed[i]!
    return length
  },
}

const crypto: CryptoProvider = { ...nodeCrypto, createAead: () => copying }

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

/** Heap bytes a call, over calls too few for the collector to wake. */
function heapBytesPer(call: () => void): number {
  for (let i = 0; i < 2_000; i++) call()
  let least = Infinity
  for (let round = 0; round < 5; round++) {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 1_000; i++) call()
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / 1_000)
  }
  return least
}

test('a record costs under 256 heap bytes to send, and as few to take', () => {
  const pair = new Pair({ crypto }).handshake()
  const data = new Uint8Array(1_200)
  const now = pair.sim.now
  const records: Uint8Array[] = []
  pair.client.send = (datagram) => {
    records.push(datagram.slice())
  }
  for (let i = 0; i < 10_000; i++) pair.client.association.send(now, data)

  pair.client.send = () => undefined
  expect(heapBytesPer(() => pair.client.association.send(now, data))).toBeLessThan(256)

  let taken = 0
  pair.server.received = () => {
    taken++
  }
  let next = 0
  const take = (): void => {
    pair.server.association.handleDatagram(now, records[next++] ?? data)
  }
  expect(heapBytesPer(take)).toBeLessThan(256)
  expect(taken).toBe(7_000)
})
