import { equalBytes, Reader, Writer } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { PeerMisbehaved } from '../../errors.ts'
import { PreSharedKeys } from '../../extensions/pre-shared-key.ts'
import type { ClientHello } from '../../messages/client-hello.ts'

/**
 * The shared keys of a first ClientHello, as much of them as a server without state must know: of each the begin of a
 * hash. Where there are very many nothing is said about them.
 */
export function namePsks(crypto: CryptoProvider, { extensions }: ClientHello): Uint8Array {
  const identities = extensions.get(PreSharedKeys)?.identities ?? []
  const writer = new Writer(nameLength * maxNames)
  for (const { identity } of identities.slice(0, maxNames)) writer.bytes(nameOf(crypto, identity))
  return writer.finish()
}

/**
 * RFC 8446 §4.1.2: a second ClientHello may leave keys out, and offers none that the first one did not. Throws
 * `PeerMisbehaved`.
 */
export function checkPsks(crypto: CryptoProvider, { extensions }: ClientHello, first: Uint8Array): void {
  const identities = extensions.get(PreSharedKeys)?.identities ?? []
  const names: Uint8Array[] = []
  for (const reader = new Reader(first); !reader.isEmpty;) names.push(reader.bytes(nameLength))
  if (names.length === maxNames) return
  for (const { identity } of identities)
    if (!names.some((name) => equalBytes(name, nameOf(crypto, identity))))
      throw new PeerMisbehaved('illegal-parameter', 'a shared key that was not offered before')
}

const nameOf = (crypto: CryptoProvider, identity: Uint8Array): Uint8Array =>
  crypto.hash('sha256', identity).subarray(0, nameLength)

const nameLength = 8
const maxNames = 6
