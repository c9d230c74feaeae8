import type { CryptoProvider } from '@purertc/crypto'

/** [0, 1), for jitter. */
export function drawFraction(crypto: CryptoProvider): number {
  const bytes = new Uint8Array(4)
  crypto.randomFill(bytes)
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32
}
