import { Reader, Writer } from '@purertc/bytes'

import { Extensions } from '../../extensions/extensions.ts'

/** EncryptedExtensions, RFC 8446 §4.3.1: the server's answers that no key depends on. */
export function decodeEncryptedExtensions(body: Uint8Array): Extensions {
  const reader = new Reader(body)
  const extensions = Extensions.decodeList(reader)
  reader.done()
  return extensions
}

export function encodeEncryptedExtensions(extensions: Extensions): Uint8Array {
  const writer = new Writer(64)
  extensions.encodeList(writer)
  return writer.finish()
}
