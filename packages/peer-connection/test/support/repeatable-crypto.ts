import type { CryptoProvider } from '@purertc/crypto'
import { createNobleCrypto } from '@purertc/crypto/noble'
import { nodeCrypto } from '@purertc/crypto/node'
import type { Simulation } from '@purertc/netsim'

/**
 * Crypto whose every random bit comes from the simulation, signatures and key exchanges included: a handshake that
 * can be repeated. Ciphers and hashes are the fast ones, which draw nothing.
 */
export function repeatableCrypto(sim: Simulation): CryptoProvider {
  const random = sim.random.fork()
  const randomFill = (into: Uint8Array): void => random.fill(into)
  const { createKeyExchange, answerKeyExchange, importPrivateKey } = createNobleCrypto(randomFill)
  return { ...nodeCrypto, randomFill, createKeyExchange, answerKeyExchange, importPrivateKey }
}
