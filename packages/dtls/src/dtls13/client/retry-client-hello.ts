import { copyBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import { Cookie } from '../../extensions/cookie.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { RetryGroup } from '../../extensions/key-share.ts'
import { PreSharedKeys } from '../../extensions/pre-shared-key.ts'
import { SelectedVersion } from '../../extensions/supported-versions.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type ClientHello, encodeClientHello } from '../../messages/client-hello.ts'
import type { ServerHello } from '../../messages/server-hello.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { checkAnswered } from '../extension-rules.ts'
import type { HandshakeContext, HandshakeState } from '../handshake-state.ts'
import { bindPsks } from '../psk/binders.ts'
import { type ClientOffer, idOf, setKeyShares } from './client-offer.ts'
import { ExpectServerHello } from './expect-server-hello.ts'
import { acceptSuite } from './accept-server-hello.ts'

/** HelloRetryRequest, RFC 8446 §4.1.4: the server wants a share of another group, or its cookie back, or both. */
export function retryClientHello(
  cx: HandshakeContext,
  offer: ClientOffer,
  retry: ServerHello,
  message: HandshakeMessage,
): HandshakeState {
  const suite = acceptSuite(offer, retry)
  checkAnswered(retry.extensions, new Set([...offer.hello.extensions.types, Cookie.type]), allowedInRetry)
  const group = retry.extensions.get(RetryGroup) ?? null
  const cookie = retry.extensions.get(Cookie)
  if (group === null && cookie === undefined)
    throw new PeerMisbehaved('illegal-parameter', 'a HelloRetryRequest that asks for nothing')
  const shares = group === null ? offer.shares : [shareOf(cx, offer, group)]

  const { crypto } = cx.config
  cx.transcript.startFromHash(cx.transcript.digest(crypto, suite.hash))
  cx.transcript.add(message.type, message.body)
  const hello = secondHello(offer.hello, cookie, group === null ? null : shares)
  // RFC 8446 §4.1.2: those that do not serve the suite need not be offered again.
  const psks = offer.psks.filter(({ hash }) => hash === suite.hash)
  bindPsks(crypto, cx.now, cx.transcript, hello, psks)
  cx.flight.begin()
  cx.flight.message(HandshakeType.clientHello, encodeClientHello(hello))
  cx.flight.end()
  return new ExpectServerHello({ ...offer, hello, shares, psks }, { suite, group })
}

/** RFC 8446 §4.2.8: a group that we offered, and sent no share of yet. */
function shareOf(cx: HandshakeContext, offer: ClientOffer, id: number): ClientOffer['shares'][number] {
  const group = cx.config.groups.find((candidate) => candidate.id === id)
  if (group === undefined) throw new PeerMisbehaved('illegal-parameter', `group ${id} was not offered`)
  if (offer.shares.some((share) => idOf(share.group) === id))
    throw new PeerMisbehaved('illegal-parameter', `a share of group ${id} is there already`)
  return cx.config.crypto.createKeyExchange(group.name)
}

/**
 * The same but for what was asked for, RFC 8446 §4.1.2. The cookie comes first, where a server that keeps no state finds
 * it even in the first of several fragments.
 */
function secondHello(
  first: ClientHello,
  cookie: Uint8Array | undefined,
  shares: ClientOffer['shares'] | null,
): ClientHello {
  const extensions = new Extensions()
  if (cookie !== undefined) extensions.set(Cookie, copyBytes(cookie))
  for (const type of first.extensions.types)
    if (type !== PreSharedKeys.type)
      extensions.setBody(type, first.extensions.body(type) ?? new Uint8Array(0))
  if (shares !== null) setKeyShares(extensions, shares)
  return { ...first, extensions }
}

const allowedInRetry: ReadonlySet<number> = new Set([SelectedVersion.type, RetryGroup.type, Cookie.type])
