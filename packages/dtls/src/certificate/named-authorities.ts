import type { PeerVerification } from '../proofs/peer-verified.ts'

/**
 * The authorities that a server names to its clients. A few names help a client to choose. Those of all roots of a system
 * would fill a dozen datagrams.
 */
export function namedAuthorities(verify: PeerVerification): readonly Uint8Array[] {
  const subjects = 'authorities' in verify ? verify.authorities.subjects : []
  return subjects.length > maxAuthorities ? [] : subjects
}

const maxAuthorities = 8
