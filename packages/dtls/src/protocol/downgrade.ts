import { equalBytes, fromHex } from '@purertc/bytes'

/**
 * How a server of DTLS 1.3 that settles for 1.2 marks the end of its random, RFC 8446 §4.1.3: the random is signed, so
 * nobody between can have taken the versions out of the ClientHello unseen.
 */
export function markDowngrade(random: Uint8Array): void {
  random.set(toDtls12, random.length - toDtls12.length)
}

/** Whether the server says that it could have done better. */
export function isDowngrade(random: Uint8Array): boolean {
  const mark = random.subarray(random.length - toDtls12.length)
  return equalBytes(mark, toDtls12) || equalBytes(mark, toOlder)
}

/** `DOWNGRD` and a byte for the version. */
const toDtls12 = fromHex('444f574e47524401')
const toOlder = fromHex('444f574e47524400')
