import { DecodeError, Reader, Writer } from '@purertc/bytes'

/** ClientKeyExchange with an ephemeral key, RFC 8422 §5.7: | public <1..255> |. Returns the key, borrowed. */
export function decodeClientKeyExchange(body: Uint8Array): Uint8Array {
  const reader = new Reader(body)
  const publicKey = reader.bytes(reader.u8())
  reader.done()
  if (publicKey.length === 0) throw new DecodeError('invalid', 'empty public key')
  return publicKey
}

export function encodeClientKeyExchange(publicKey: Uint8Array): Uint8Array {
  const writer = new Writer(128)
  writer.u8(publicKey.length)
  writer.bytes(publicKey)
  return writer.finish()
}
