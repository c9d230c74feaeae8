import { copyBytes, DecodeError, Millis, Reader, Writer } from '@purertc/bytes'

import type { Certificate } from '../certificate/certificate.ts'
import type { ResolvedConfig } from '../config.ts'
import { type CipherSuite12, cipherSuites } from '../protocol/cipher-suite.ts'
import type { FinishedVerified } from './finished-verified.ts'
import type { PeerAuthenticated, PeerIdentity } from './peer-authenticated.ts'

declare const proof: unique symbol

/**
 * Proof that a handshake of DTLS 1.2 was completed with this peer under this master secret: whoever shows a good
 * Finished under it again is the same peer. The secret is as good as a key.
 */
export interface SessionRemembered {
  readonly [proof]: 'remembered'
  readonly suite: CipherSuite12
  readonly masterSecret: Uint8Array
  readonly identity: PeerIdentity
  /** The name that the client gave the server (RFC 6066 §3). */
  readonly serverName: string | null
  /** Hash over all our certificates at that time. */
  readonly owner: Uint8Array
  readonly expires: Millis
}

/** What there is to remember of a handshake. */
export interface Memorable extends Pick<
  SessionRemembered,
  'suite' | 'masterSecret' | 'serverName' | 'expires'
> {
  readonly config: ResolvedConfig
}

/**
 * The session of a handshake, for later. Null for one by a shared key: with the key at hand, another handshake costs
 * hardly more. With {@link decodeRemembered} the only origin of {@link SessionRemembered}.
 */
export function rememberSession(
  { config, ...facts }: Memorable,
  { identity }: PeerAuthenticated,
  _finished: FinishedVerified,
): SessionRemembered | null {
  if (identity.kind === 'psk') return null
  return { ...facts, identity, owner: ownerOf(config) } as unknown as SessionRemembered
}

/** Our own identity: a session that was had under another one is not resumed. */
export const ownerOf = ({ crypto, certificates }: ResolvedConfig): Uint8Array =>
  crypto.hash('sha256', ...certificates.map(({ der }: Certificate) => der))

/** The content of a ticket. */
export function encodeRemembered(session: SessionRemembered): Uint8Array {
  const { suite, masterSecret, identity, serverName, owner, expires } = session
  const writer = new Writer(512)
  writer.u16(suite.id)
  writer.bytes(masterSecret)
  writer.bytes(owner)
  writer.u48(Math.floor(expires))
  const mark = writer.open8()
  for (const letter of serverName ?? '') writer.u8(letter.charCodeAt(0))
  writer.close8(mark)
  const parts =
    identity.kind === 'certificate'
      ? [identity.certificate, ...identity.chain]
      : identity.kind === 'public-key'
        ? [identity.subjectPublicKeyInfo]
        : []
  writer.u8(kinds.indexOf(identity.kind))
  for (const part of parts) {
    writer.u24(part.length)
    writer.bytes(part)
  }
  return writer.finish()
}

/** `bytes` must be authentic: those that {@link encodeRemembered} wrote, out of a ticket that nobody else can seal. */
export function decodeRemembered(bytes: Uint8Array): SessionRemembered {
  const reader = new Reader(bytes)
  const id = reader.u16()
  const suite = cipherSuites.find((suite) => suite.id === id)
  if (suite === undefined) throw new DecodeError('invalid', 'a suite of another release')
  const masterSecret = copyBytes(reader.bytes(48))
  const owner = copyBytes(reader.bytes(32))
  const expires = Millis(reader.u48())
  const name = String.fromCharCode(...reader.bytes(reader.u8()))
  const serverName = name === '' ? null : name
  const kind = kinds[reader.u8()]
  const parts: Uint8Array[] = []
  while (!reader.isEmpty) parts.push(copyBytes(reader.bytes(reader.u24())))
  const identity = identityOf(kind, parts)
  return { suite, masterSecret, identity, serverName, owner, expires } as unknown as SessionRemembered
}

function identityOf(kind: PeerIdentity['kind'] | undefined, parts: readonly Uint8Array[]): PeerIdentity {
  const [first, ...chain] = parts
  if (kind === 'anonymous') return { kind }
  if (first === undefined) throw new DecodeError('invalid', 'nobody')
  if (kind === 'public-key') return { kind, subjectPublicKeyInfo: first }
  return { kind: 'certificate', certificate: first, chain }
}

const kinds: readonly PeerIdentity['kind'][] = ['anonymous', 'certificate', 'public-key']
