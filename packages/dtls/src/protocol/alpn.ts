import { toUtf8 } from '@purertc/bytes'

import { PeerMisbehaved } from '../errors.ts'
import { ApplicationLayerProtocols } from '../extensions/application-layer-protocols.ts'
import type { Extensions } from '../extensions/extensions.ts'

/**
 * Application protocols of the registry "TLS ALPN Protocol IDs" that run over DTLS. `cWebrtc` asks that what is sent
 * stay between browsers, out of reach of the web application (RFC 8833): to keep that promise is up to the host.
 */
export const AlpnProtocol = { webrtc: 'webrtc', cWebrtc: 'c-webrtc', coap: 'co' } as const

/** For a client. */
export const offerProtocols = (protocols: readonly string[]): Uint8Array[] =>
  protocols.map((name) => toUtf8(name))

/**
 * A server's choice: our first that the client lists. Null where one of the two has nothing to say about it. Throws
 * `PeerMisbehaved` where both have, and nothing in common (RFC 7301 §3.2).
 */
export function chooseProtocol(ours: readonly string[], extensions: Extensions): string | null {
  const offered = extensions.get(ApplicationLayerProtocols)
  if (offered === undefined || ours.length === 0) return null
  const chosen = ours.find((name) => offered.some((other) => isSame(toUtf8(name), other)))
  if (chosen === undefined)
    throw new PeerMisbehaved('no-application-protocol', 'no application protocol in common')
  return chosen
}

/** A server's answer, as its client takes it: exactly one of ours. Null where there is none. */
export function acceptProtocol(ours: readonly string[], extensions: Extensions): string | null {
  const answer = extensions.get(ApplicationLayerProtocols)
  if (answer === undefined) return null
  const [protocol] = answer
  const chosen = ours.find((name) => protocol !== undefined && isSame(toUtf8(name), protocol))
  if (chosen === undefined || answer.length !== 1)
    throw new PeerMisbehaved('illegal-parameter', 'an application protocol that was not offered')
  return chosen
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])
