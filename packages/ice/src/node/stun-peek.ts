/**
 * What a demultiplexer reads of a STUN message before anybody has authenticated it. The message is known to have a header
 * of 20 bytes.
 */

/** The transaction ID as a map's key. */
export function transactionOf(bytes: Uint8Array): string {
  let key = ''
  for (let i = 8; i < 20; i += 2) key += String.fromCharCode((bytes[i]! << 8) | bytes[i + 1]!)
  return key
}

/** The fragment of whom a check is for: USERNAME up to its colon (RFC 8445 §7.2.2). Null where there is none. */
export function localFragmentOf(bytes: Uint8Array): string | null {
  let at = 20
  while (at + 4 <= bytes.length) {
    const type = (bytes[at]! << 8) | bytes[at + 1]!
    const end = at + 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
    if (end > bytes.length) return null
    if (type === USERNAME) return upToColon(bytes, at + 4, end)
    at = (end + 3) & ~3
  }
  return null
}

function upToColon(bytes: Uint8Array, start: number, end: number): string | null {
  let fragment = ''
  for (let i = start; i < end && fragment.length <= MAX_FRAGMENT; i++) {
    if (bytes[i] === COLON) return fragment === '' ? null : fragment
    fragment += String.fromCharCode(bytes[i]!)
  }
  return null
}

const USERNAME = 0x0006
const COLON = 0x3a
const MAX_FRAGMENT = 256
