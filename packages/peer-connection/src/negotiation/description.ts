import type { Fingerprint, FingerprintAlgorithm } from '@purertc/dtls'
import {
  type DataMode,
  dataModeOf,
  defaultMaxMessageSize,
  findDataSection,
  type MediaDescription,
  parseSession,
  sctpPortOf,
  SdpError,
  type SessionDescription,
  type SetupRole,
  transportOf,
} from '@purertc/sdp'

import { invalidAccess, sdpError } from '../errors.ts'
import type { DescriptionType, Side } from './signaling-session.ts'

/** A description as it was applied, with what this stack needs of it. */
export interface Description {
  readonly type: DescriptionType
  readonly sdp: string
  readonly parsed: SessionDescription
  /** The data section that is not rejected; null where there is none. */
  readonly data: DataSection | null
}

/** One end's side of the data section. */
export interface DataSection {
  readonly mode: DataMode
  readonly mid: string
  readonly index: number
  readonly credentials: { readonly usernameFragment: string; readonly password: string }
  readonly iceOptions: readonly string[]
  readonly fingerprints: readonly Fingerprint[]
  readonly setup: SetupRole | undefined
  /** `candidate:…` lines that came with the description. */
  readonly candidates: readonly string[]
  readonly endOfCandidates: boolean
  readonly sctpPort: number
  /** Bytes; 0 for no limit. */
  readonly maxMessageSize: number
  /** The end's SCTP INIT chunk, draft-hancke-tsvwg-snap. */
  readonly sctpInit?: Uint8Array
}

/**
 * Reads a description of either side. Throws an RTCError `sdp-syntax-error` for what is no SDP, and an
 * InvalidAccessError for SDP whose data section lacks what a connection needs.
 */
export function readDescription(type: DescriptionType, sdp: string, mode?: DataMode): Description {
  const parsed = parse(sdp)
  const section = findDataSection(parsed, mode)
  return { type, sdp, parsed, data: section === undefined ? null : readSection(parsed, section) }
}

export const rollback: Description = {
  type: 'rollback',
  sdp: '',
  parsed: parseSession('v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n'),
  data: null,
}

/** RFC 3264 §6: an answer has the sections of its offer, in its order. Throws an InvalidAccessError. */
export function checkAnswer(offer: Description, answer: Description): void {
  const offered = offer.parsed.media
  const answered = answer.parsed.media
  if (offered.length !== answered.length)
    throw invalidAccess(`the answer has ${answered.length} sections, the offer ${offered.length}`)
  for (const [index, media] of answered.entries()) {
    const counterpart = offered[index]
    if (counterpart?.kind !== media.kind || !mayAnswer(counterpart.mid, media.mid))
      throw invalidAccess(`section ${index} of the answer does not fit the offer's`)
  }
  if (answer.data !== null && offer.data?.index !== answer.data.index)
    throw invalidAccess('the answer accepts a data section that was not offered')
  if (answer.data?.setup === 'actpass')
    throw invalidAccess('an answer must choose a DTLS role (RFC 8842 §5.3)')
}

/** A later offer may add sections, never take one away (RFC 3264 §8). Throws an InvalidAccessError. */
export function checkReoffer(current: Description | null, offer: Description): void {
  if (current !== null && offer.parsed.media.length < current.parsed.media.length)
    throw invalidAccess('a later offer keeps the sections of the first')
}

/** Whether two descriptions of one end are of one ICE session. A restart changes both (RFC 8839 §4.4.3.1.1). */
export function isSameSession(
  { credentials: one }: DataSection,
  { credentials: other }: DataSection,
): boolean {
  return one.usernameFragment === other.usernameFragment && one.password === other.password
}

/** Whether the end that `answer` describes opens the DTLS association; the answer is the `side`'s. */
export function localDtlsRole(answer: DataSection, side: Side): 'client' | 'server' {
  // RFC 4145 §4: without the attribute an answer is passive.
  const answererIsClient = answer.setup === 'active'
  return answererIsClient === (side === 'local') ? 'client' : 'server'
}

function parse(sdp: string): SessionDescription {
  try {
    return parseSession(sdp)
  } catch (error) {
    if (error instanceof SdpError) throw sdpError(error.message, error.line ?? undefined)
    throw error
  }
}

function readSection(parsed: SessionDescription, media: MediaDescription): DataSection {
  const index = parsed.media.indexOf(media)
  const transport = transportOf(parsed, media)
  const { iceUfrag, icePwd } = transport
  if (iceUfrag === undefined || icePwd === undefined)
    throw invalidAccess(`section ${index} has no ice-ufrag and ice-pwd`)
  if (!isIceText(iceUfrag) || !isIceText(icePwd))
    throw invalidAccess(`section ${index} has characters in ice-ufrag or ice-pwd that are not allowed there`)
  const fingerprints = transport.fingerprints.flatMap(({ algorithm, value }) =>
    isTrusted(algorithm) ? [{ algorithm, value }] : [],
  )
  if (fingerprints.length === 0)
    throw invalidAccess(`section ${index} has no fingerprint that can be trusted`)
  return {
    mode: dataModeOf(media) ?? 'datachannel',
    mid: media.mid ?? index.toString(),
    index,
    credentials: { usernameFragment: iceUfrag, password: icePwd },
    iceOptions: transport.iceOptions,
    fingerprints,
    setup: transport.setup,
    candidates: transport.candidates,
    endOfCandidates: transport.endOfCandidates,
    sctpPort: sctpPortOf(media),
    maxMessageSize: media.maxMessageSize ?? defaultMaxMessageSize,
    ...(media.sctpInit !== undefined && { sctpInit: media.sctpInit }),
  }
}

function mayAnswer(offered: string | undefined, answered: string | undefined): boolean {
  return offered === undefined || answered === undefined || offered === answered
}

/** RFC 8122 §5 has weaker ones, which identify nobody any more. */
function isTrusted(algorithm: string): algorithm is FingerprintAlgorithm {
  return algorithm === 'sha-256' || algorithm === 'sha-384' || algorithm === 'sha-512'
}

/** ice-char, RFC 8839 §5.1; the lengths are checked by the parser. */
function isIceText(text: string): boolean {
  return /^[0-9A-Za-z+/]+$/.test(text)
}
