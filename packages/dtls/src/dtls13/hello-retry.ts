import { equalBytes, fromHex } from '@purertc/bytes'

/** The random of a ServerHello that is a HelloRetryRequest: the SHA-256 of its name, RFC 8446 §4.1.3. */
export const helloRetryRandom: Uint8Array = fromHex(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
)

export const isHelloRetry = (random: Uint8Array): boolean => equalBytes(random, helloRetryRandom)
