import type { ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { ConnectionId } from '../../extensions/connection-id.ts'
import type { Extensions } from '../../extensions/extensions.ts'
import { ServerKeyShare } from '../../extensions/key-share.ts'
import { SelectedPsk } from '../../extensions/pre-shared-key.ts'
import { ReturnRoutability } from '../../extensions/return-routability.ts'
import { SelectedVersion } from '../../extensions/supported-versions.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { agree } from '../../keys/key-agreement.ts'
import type { ServerHello } from '../../messages/server-hello.ts'
import { type NamedGroup, namedGroups } from '../../protocol/named-group.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { type CipherSuite13, cipherSuiteById } from '../cipher-suite.ts'
import { checkAnswered } from '../extension-rules.ts'
import { Epoch, type HandshakeContext, type HandshakeState } from '../handshake-state.ts'
import { beginKeys, type PreSharedKey } from '../psk/pre-shared-key.ts'
import { type ClientOffer, idOf } from './client-offer.ts'
import { ExpectEncryptedExtensions } from './expect-encrypted-extensions.ts'

/** What a HelloRetryRequest has settled before ServerHello. */
export interface Retry {
  readonly suite: CipherSuite13
  /** The group that it asked for, null where it was about a cookie alone. */
  readonly group: number | null
}

/** ServerHello, RFC 8446 §4.1.3: the server's choice and its key share. */
export function acceptServerHello(
  cx: HandshakeContext,
  offer: ClientOffer,
  hello: ServerHello,
  message: HandshakeMessage,
  retry: Retry | null,
): HandshakeState {
  const suite = acceptSuite(offer, hello)
  checkAnswered(hello.extensions, new Set(offer.hello.extensions.types), allowedInServerHello)
  const { group, secret } = acceptKeyShare(offer, hello.extensions)
  if (retry !== null && (retry.suite !== suite || (retry.group !== null && retry.group !== group.id)))
    throw new PeerMisbehaved('illegal-parameter', 'ServerHello takes back what HelloRetryRequest said')

  cx.connectionIds.accept(hello.extensions)
  const psk = acceptPsk(cx.config, offer, suite, hello.extensions)
  cx.transcript.add(message.type, message.body)
  const { keys, peer } = beginKeys(cx.config.crypto, suite, psk, secret, cx.transcript)
  keys.log(cx.config.keyLog, offer.hello.random)
  cx.expectEpoch(Epoch.handshake, keys.server)
  cx.enterEpoch(Epoch.handshake, keys.client)
  return new ExpectEncryptedExtensions({ offer, suite, group, keys, psk, peer })
}

/** What ServerHello and HelloRetryRequest have in common. */
export function acceptSuite(offer: ClientOffer, hello: ServerHello): CipherSuite13 {
  if (hello.version !== ProtocolVersion.dtls12)
    throw new PeerMisbehaved('illegal-parameter', `legacy_version ${hello.version}`)
  if (hello.extensions.get(SelectedVersion) !== ProtocolVersion.dtls13)
    throw new PeerMisbehaved('illegal-parameter', 'not the version that was chosen before')
  // RFC 9147 §5.3: ours was empty, and there is no compatibility mode.
  if (hello.sessionId.length > 0)
    throw new PeerMisbehaved('illegal-parameter', 'a session id that was not sent')
  if (hello.compressionMethod !== 0)
    throw new PeerMisbehaved('illegal-parameter', 'compression was not offered')
  const suite = cipherSuiteById(hello.cipherSuite)
  if (suite === undefined || !offer.hello.cipherSuites.includes(suite.id))
    throw new PeerMisbehaved('illegal-parameter', `cipher suite ${hello.cipherSuite} was not offered`)
  return suite
}

function acceptKeyShare(
  offer: ClientOffer,
  extensions: Extensions,
): { readonly group: NamedGroup; readonly secret: Uint8Array } {
  const share = extensions.get(ServerKeyShare)
  if (share === undefined) throw new PeerMisbehaved('missing-extension', 'ServerHello without key_share')
  const ours = offer.shares.find(({ group }) => idOf(group) === share.group)
  const group = namedGroups.find(({ id }) => id === share.group)
  if (ours === undefined || group === undefined)
    throw new PeerMisbehaved('illegal-parameter', `no share of group ${share.group} was offered`)
  return { group, secret: agree(ours, share.keyExchange) }
}

/** RFC 8446 §4.2.11: one of ours, and for the suite. Null where certificates are to tell who the server is. */
function acceptPsk(
  { verify }: ResolvedConfig,
  { psks }: ClientOffer,
  suite: CipherSuite13,
  extensions: Extensions,
): PreSharedKey | null {
  const index = extensions.get(SelectedPsk)
  if (index === undefined) {
    if ('psk' in verify) throw new PeerMisbehaved('no-common-parameters', 'the server took no shared key')
    return null
  }
  const psk = psks[index]
  if (psk === undefined) throw new PeerMisbehaved('illegal-parameter', `shared key ${index} was not offered`)
  if (psk.hash !== suite.hash)
    throw new PeerMisbehaved('illegal-parameter', 'the shared key is for another hash than the suite')
  return psk
}

const allowedInServerHello: ReadonlySet<number> = new Set([
  SelectedVersion.type,
  ServerKeyShare.type,
  SelectedPsk.type,
  ConnectionId.type,
  ReturnRoutability.type,
])
