import { Cookie } from '../../extensions/cookie.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { RetryGroup } from '../../extensions/key-share.ts'
import { SelectedVersion } from '../../extensions/supported-versions.ts'
import { encodeServerHello } from '../../messages/server-hello.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { helloRetryRandom } from '../hello-retry.ts'

/**
 * HelloRetryRequest, RFC 8446 §4.1.4. A server that keeps no state makes it a second time, for the transcript: nothing
 * else may enter it.
 */
export function encodeHelloRetryRequest(
  cipherSuite: number,
  group: number | null,
  cookie: Uint8Array | null,
): Uint8Array {
  const extensions = new Extensions().set(SelectedVersion, ProtocolVersion.dtls13)
  if (group !== null) extensions.set(RetryGroup, group)
  if (cookie !== null) extensions.set(Cookie, cookie)
  return encodeServerHello({
    version: ProtocolVersion.dtls12,
    random: helloRetryRandom,
    sessionId: new Uint8Array(0),
    cipherSuite,
    compressionMethod: 0,
    extensions,
  })
}
