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

/** Of one round: too few calls for the collector to wake. */
const calls = 1_000

/**
 * Heap bytes a call, the least of many rounds. The compiler works beside the program, so that on a busy machine many go by
 * before the code is what it will be.
 */
async function heapBytesPer(
  limit: number,
  call: () => void,
  prepare = (): void => undefined,
): Promise<number> {
  let least = Infinity
  for (let round = 0; round < 200 && least >= limit; round++) {
    prepare()
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < calls; i++) call()
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / calls)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return least
}

test('a record costs under 256 heap bytes to send, and as few to take', async () => {
  const pair = new Pair({ crypto }).handshake()
  const data = new Uint8Array(1_200)
  const now = pair.sim.now
  const send = (): void => pair.client.association.send(now, data)
  pair.client.send = () => undefined
  expect(await heapBytesPer(256, send)).toBeLessThan(256)

  const records: Uint8Array[] = []
  const record = (): void => {
    records.length = 0
    for (let i = 0; i < calls; i++) send()
  }
  pair.client.send = (datagram) => {
    records.push(datagram.slice())
  }
  let [next, taken] = [0, 0]
  pair.server.received = () => {
    taken++
  }
  const take = (): void => {
    pair.server.association.handleDatagram(now, records[next++ % calls] ?? data)
  }
  expect(await heapBytesPer(256, take, record)).toBeLessThan(256)
  expect(taken).toBe(next)
})
