import { randomFillSync } from 'node:crypto'

import { CryptoError, type CryptoProvider } from '../src/index.ts'
import { createNobleCrypto } from '../src/noble/index.ts'
import { nodeCrypto } from '../src/node/index.ts'

export const nobleCrypto: CryptoProvider = createNobleCrypto((into) => void randomFillSync(into))

/** For `describe.each`: every promise of the seam is tested on both. */
export const providers = [{ provider: nodeCrypto }, { provider: nobleCrypto }].map((row) => ({
  ...row,
  name: row.provider.name,
}))

/** Both ways of pairing one provider with the other. */
export const crossings = [
  { name: 'node to noble', one: nodeCrypto, other: nobleCrypto },
  { name: 'noble to node', one: nobleCrypto, other: nodeCrypto },
]

/** The code of the CryptoError that `action` throws; anything else that it does is told as well. */
export const fault = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error instanceof CryptoError ? error.code : error
  }
  return 'no error'
}
