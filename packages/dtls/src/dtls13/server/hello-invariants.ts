import { Writer } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { Cookie } from '../../extensions/cookie.ts'
import { ClientKeyShares } from '../../extensions/key-share.ts'
import { PreSharedKeys } from '../../extensions/pre-shared-key.ts'
import type { ClientHello } from '../../messages/client-hello.ts'

/** A hash of all that a second ClientHello must repeat, RFC 8446 §4.1.2. */
export function invariantsOf(crypto: CryptoProvider, hello: ClientHello): Uint8Array {
  const writer = new Writer(1_024)
  writer.u16(hello.version)
  writer.bytes(hello.random)
  writer.u8(hello.sessionId.length)
  writer.bytes(hello.sessionId)
  writer.u16(hello.cipherSuites.length)
  for (const suite of hello.cipherSuites) writer.u16(suite)
  writer.u8(hello.compressionMethods.length)
  writer.bytes(hello.compressionMethods)
  const { extensions } = hello
  // Sorted, since it is not said that their order stays.
  for (const type of [...extensions.types].sort((a, b) => a - b)) {
    const body = extensions.body(type)
    if (mayChange.has(type) || body === undefined) continue
    writer.u16(type)
    writer.u16(body.length)
    writer.bytes(body)
  }
  return crypto.hash('sha256', writer.view())
}

const padding = 21
const earlyData = 42
const mayChange: ReadonlySet<number> = new Set([
  ClientKeyShares.type,
  Cookie.type,
  padding,
  PreSharedKeys.type,
  earlyData,
])
