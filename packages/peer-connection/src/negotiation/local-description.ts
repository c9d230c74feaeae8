import type { Fingerprint } from '@purertc/dtls'
import {
  createDataAnswer,
  createDataOffer,
  type DataMode,
  type DataSectionOptions,
  findDataSection,
  parseSession,
  SessionDescription,
  writeSession,
} from '@purertc/sdp'

import type { DataSection, Description } from './description.ts'

/** This end's side of the transport, as its descriptions tell it. */
export interface LocalTransport {
  readonly credentials: { readonly usernameFragment: string; readonly password: string }
  readonly fingerprints: readonly Fingerprint[]
  /** Tags of `a=ice-options`. */
  readonly iceOptions: readonly string[]
  /** Whether this end is a lite agent. */
  readonly iceLite: boolean
  /** Ta that this end wishes for, milliseconds. */
  readonly icePacing?: number
  /** Candidates of these credentials that are known already. */
  readonly candidates: readonly string[]
  readonly endOfCandidates: boolean
  /** Bytes of the largest message this end takes. */
  readonly maxMessageSize: number
  /** This end's SCTP INIT chunk, where the peer may take it from the description (draft-hancke-tsvwg-snap). */
  readonly sctpInit?: Uint8Array
}

/** An offer: of one data section where `mode` says so, else of whatever was agreed before, or of nothing. */
export function writeOffer(
  sessionId: string,
  previous: Description | null,
  mode: DataMode | null,
  local: () => LocalTransport,
): string {
  const offered = mode ?? previous?.data?.mode
  if (offered === undefined) return writeEmptyOffer(sessionId, previous)
  return writeSession(
    createDataOffer({
      sessionId,
      ...sectionOptions(offered, local()),
      ...(previous !== null && { previous: previous.parsed }),
    }),
  )
}

/** The answer to `offer`; a role that was agreed before is kept (RFC 8842 §5.5). */
export function writeAnswer(
  sessionId: string,
  previous: Description | null,
  offer: Description,
  local: (offer: DataSection) => LocalTransport,
  role: 'client' | 'server' | null,
): string {
  const { data } = offer
  const section = data === null ? rejecting(offer) : sectionOptions(data.mode, local(data))
  return writeSession(
    createDataAnswer(offer.parsed, {
      sessionId,
      setup: role === 'server' ? 'passive' : 'active',
      ...section,
      ...(previous !== null && { previous: previous.parsed }),
    }),
  )
}

/** The description with the candidates that were gathered since it was made. */
export function withCandidates(
  description: Description,
  candidates: readonly string[],
  endOfCandidates: boolean,
): string {
  if (description.data === null) return description.sdp
  const session = parseSession(description.sdp)
  const section = findDataSection(session, description.data.mode)
  if (section !== undefined) {
    section.candidates = candidates
    section.setFlag('end-of-candidates', endOfCandidates)
  }
  return writeSession(session)
}

function sectionOptions(mode: DataMode, local: LocalTransport): DataSectionOptions {
  return {
    mode,
    iceUfrag: local.credentials.usernameFragment,
    icePwd: local.credentials.password,
    iceOptions: local.iceOptions,
    iceLite: local.iceLite,
    ...(local.icePacing !== undefined && { icePacing: local.icePacing }),
    fingerprints: local.fingerprints,
    candidates: local.candidates,
    maxMessageSize: local.maxMessageSize,
    ...(local.sctpInit !== undefined && { sctpInit: local.sctpInit }),
  }
}

/** Without a data channel there is nothing to offer: the sections of before, all of them rejected, or none. */
function writeEmptyOffer(sessionId: string, previous: Description | null): string {
  const { origin, media } = previous?.parsed ?? { origin: { ...ORIGIN, sessionId }, media: [] }
  const sessionVersion = (BigInt(origin.sessionVersion) + 1n).toString()
  const offer = SessionDescription.create({ ...origin, sessionVersion })
  offer.media.push(...media)
  return writeSession(offer)
}

/** RFC 8829 §5.2.1: the address is meaningless, for a real one would tell where the user is. */
const ORIGIN = {
  username: '-',
  sessionVersion: '0',
  netType: 'IN',
  addressType: 'IP4',
  address: '0.0.0.0',
}

/** A mode that the offer does not have; of a rejected section nothing is told. */
function rejecting(offer: Description): DataSectionOptions {
  const mode = findDataSection(offer.parsed, 'datachannel') === undefined ? 'datachannel' : 'datagram'
  return { mode, iceUfrag: '', icePwd: '', fingerprints: [] }
}
