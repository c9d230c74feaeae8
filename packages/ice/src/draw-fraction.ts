import type { CryptoProvider } from '@purertc/crypto'

/** [0, 1), for jitter. */
export function drawFraction(crypto: CryptoProvider): number {
  crypto.randomFill(drawn)
  return (drawn[0]! + drawn[1]! / 2 ** 8 + drawn[2]! / 2 ** 16 + drawn[3]! / 2 ** 24) / 2 ** 8
}

/** Scratch memory: what is in it means nothing between calls. */
const drawn = new Uint8Array(4)
