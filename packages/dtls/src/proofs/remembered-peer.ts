import { copyBytes, DecodeError, Millis, type Reader, type Writer } from '@purertc/bytes'

import type { Certificate } from '../certificate/certificate.ts'
import type { ResolvedConfig } from '../resolved-config.ts'
import type { PeerIdentity } from './peer-authenticated.ts'

/** What is remembered of whom a handshake was completed with, whatever the version. */
export interface RememberedPeer {
  readonly identity: PeerIdentity
  /** The name that the client gave the server (RFC 6066 §3). */
  readonly serverName: string | null
  /** Hash over all our certificates at that time. */
  readonly owner: Uint8Array
  readonly expires: Millis
}

/** Our own identity: a session that was had under another one is not resumed. */
export const ownerOf = ({ crypto, certificates }: ResolvedConfig): Uint8Array =>
  crypto.hash('sha256', ...certificates.map(({ der }: Certificate) => der))

/** For a ticket: to its end. */
export function writeRememberedPeer(writer: Writer, peer: RememberedPeer): void {
  const { identity, serverName, owner, expires } = peer
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
}

/** Out of a ticket that nobody else can have sealed. Throws `DecodeError`. */
export function readRememberedPeer(reader: Reader): RememberedPeer {
  const owner = copyBytes(reader.bytes(32))
  const expires = Millis(reader.u48())
  const name = String.fromCharCode(...reader.bytes(reader.u8()))
  const kind = kinds[reader.u8()]
  const parts: Uint8Array[] = []
  while (!reader.isEmpty) parts.push(copyBytes(reader.bytes(reader.u24())))
  return { identity: identityOf(kind, parts), serverName: name === '' ? null : name, owner, expires }
}

function identityOf(kind: PeerIdentity['kind'] | undefined, parts: readonly Uint8Array[]): PeerIdentity {
  const [first, ...chain] = parts
  if (kind === 'anonymous' && first === undefined) return { kind }
  if (kind === undefined || kind === 'anonymous' || first === undefined)
    throw new DecodeError('invalid', 'nobody')
  if (kind === 'public-key' && chain.length === 0) return { kind, subjectPublicKeyInfo: first }
  if (kind !== 'certificate') throw new DecodeError('invalid', 'more than one key')
  return { kind, certificate: first, chain }
}

/** Shared keys are not among them: such sessions are not remembered. */
const kinds: readonly PeerIdentity['kind'][] = ['anonymous', 'certificate', 'public-key']
