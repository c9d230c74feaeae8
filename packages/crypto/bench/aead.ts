/**
 * What sealing and opening a datagram costs: the bare calls of node:crypto, which are the floor, beside NodeAead.
 *
 *     node --conditions=@purertc/source --import tsx packages/crypto/bench/aead.ts
 *
 * The candidates take turns in short batches, so that a noisy machine disturbs all alike; the least batch is what
 * the code costs, the median what this machine made of it.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto'

import { type AeadAlgorithm, aeadSizes } from '../src/index.ts'
import { nodeCrypto } from '../src/node/index.ts'

const size = 1_200
const rounds = 300
const callsPerRound = 200

const random = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  randomFillSync(bytes)
  return bytes
}

for (const algorithm of Object.keys(aeadSizes) as AeadAlgorithm[]) {
  const sizes = aeadSizes[algorithm]
  const key = random(sizes.key)
  const nonce = random(sizes.nonce)
  const aad = random(13)
  const plaintext = random(size)
  const into = new Uint8Array(size + sizes.tag + 13)

  const aead = nodeCrypto.createAead(algorithm, key)
  const sealed = new Uint8Array(size + sizes.tag)
  aead.seal(nonce, aad, plaintext, sealed, 0)
  const ciphertext = sealed.slice(0, size)
  const tag = sealed.slice(size)

  const cipherName = (algorithm === 'aes-128-ccm-8' ? 'aes-128-ccm' : algorithm) as 'aes-128-ccm'
  const options = { authTagLength: sizes.tag }
  const framing = { plaintextLength: size }
  const keyObject = createSecretKey(key)
  const bareSeal = (): Uint8Array => {
    const cipher = createCipheriv(cipherName, keyObject, nonce, options)
    cipher.setAAD(aad, framing)
    const output = cipher.update(plaintext)
    cipher.final()
    cipher.getAuthTag()
    return output
  }
  const bareOpen = (): Uint8Array => {
    const decipher = createDecipheriv(cipherName, keyObject, nonce, options)
    decipher.setAuthTag(tag)
    decipher.setAAD(aad, framing)
    const output = decipher.update(ciphertext)
    decipher.final()
    return output
  }
  const ourSeal = (): number => aead.seal(nonce, aad, plaintext, into, 13)
  const ourOpen = (): number => aead.open(nonce, aad, sealed, into, 13)

  // What is timed must be right.
  if (Buffer.compare(bareSeal(), ciphertext) !== 0) throw new Error('the bare cipher seals otherwise')
  if (ourSeal() !== sealed.length || Buffer.compare(into.subarray(13), sealed) !== 0)
    throw new Error('NodeAead seals otherwise')
  if (Buffer.compare(bareOpen(), plaintext) !== 0) throw new Error('the bare cipher opens otherwise')
  if (ourOpen() !== size || Buffer.compare(into.subarray(13, 13 + size), plaintext) !== 0)
    throw new Error('NodeAead opens otherwise')

  for (const [name, bare, ours] of [
    ['seal', bareSeal, ourSeal],
    ['open', bareOpen, ourOpen],
  ] as const) {
    const [floor, cost] = compare([bare, ours])
    console.log(
      `${algorithm.padEnd(17)} ${name} ${size} bytes: bare ${show(floor)}, NodeAead ${show(cost)}, ` +
        `ratio ${(cost.least / floor.least).toFixed(2)}`,
    )
  }
}

interface Cost {
  readonly least: number
  readonly median: number
}

/** Nanoseconds a call of each candidate. */
function compare(candidates: readonly [() => unknown, () => unknown]): readonly [Cost, Cost] {
  const samples: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    samples[0].push(batch(candidates[0]))
    samples[1].push(batch(candidates[1]))
  }
  return [summary(samples[0]), summary(samples[1])]
}

function batch(candidate: () => unknown): number {
  const start = process.hrtime.bigint()
  for (let i = 0; i < callsPerRound; i++) candidate()
  return Number(process.hrtime.bigint() - start) / callsPerRound
}

function summary(samples: readonly number[]): Cost {
  const sorted = samples.toSorted((a, b) => a - b)
  const least = sorted[0] ?? NaN
  const median = sorted[sorted.length >> 1] ?? NaN
  return { least, median }
}

function show({ least, median }: Cost): string {
  return `${least.toFixed(0)} ns (median ${median.toFixed(0)})`
}
