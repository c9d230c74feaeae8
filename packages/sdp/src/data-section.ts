import { type FingerprintValue } from './attributes/fingerprint.ts'
import type { SetupRole } from './attributes/setup.ts'
import { MediaDescription } from './media-description.ts'
import type { SessionDescription } from './session-description.ts'

/**
 * What a data section carries.
 *
 * - `datachannel`: SCTP over DTLS, `m=application 9 UDP/DTLS/SCTP webrtc-datachannel` (RFC 8841).
 * - `datagram`: application data straight in DTLS records, `m=application 9 UDP/DTLS octet-stream`. No specification
 *   describes it; both ends must be of this family.
 */
export type DataMode = 'datachannel' | 'datagram'

/** Everything a data section says of its own end. */
export interface DataSectionOptions {
  readonly mode: DataMode
  readonly iceUfrag: string
  readonly icePwd: string
  /** `['trickle']` by default. */
  readonly iceOptions?: readonly string[]
  /** Whether this end is a lite agent, `a=ice-lite` of the session (RFC 8839 §5.3). Default false. */
  readonly iceLite?: boolean
  /** Ta that this end wishes for, `a=ice-pacing` of the session, milliseconds (RFC 8839 §5.5). Default: nothing is said. */
  readonly icePacing?: number
  readonly fingerprints: readonly FingerprintValue[]
  /** `candidate:…` lines already known. */
  readonly candidates?: readonly string[]
  /** 5000 by default; mode `datachannel` only. */
  readonly sctpPort?: number
  /** Bytes that this end can take, 262144 by default; mode `datachannel` only. */
  readonly maxMessageSize?: number
  /** This end's SCTP INIT chunk, to do without a handshake (draft-hancke-tsvwg-snap); mode `datachannel` only. */
  readonly sctpInit?: Uint8Array
}

/** What the section carries; `undefined` when it is no data section of a form that this package makes. */
export function dataModeOf(media: MediaDescription): DataMode | undefined {
  if (media.kind !== 'application') return undefined
  const [format] = media.formats
  if (media.protocol === 'UDP/DTLS/SCTP' && format === 'webrtc-datachannel') return 'datachannel'
  if (legacySctpPort(media) !== undefined) return 'datachannel'
  if (media.protocol === 'UDP/DTLS' && format === 'octet-stream') return 'datagram'
  return undefined
}

/** The SCTP port of a data section, in either form; 5000 where it names none. */
export function sctpPortOf(media: MediaDescription): number {
  return media.sctpPort ?? legacySctpPort(media) ?? DEFAULT_SCTP_PORT
}

/** The first data section that is not rejected, of the given mode or of any. */
export function findDataSection(
  description: SessionDescription,
  mode?: DataMode,
): MediaDescription | undefined {
  return description.media.find((media) => {
    const found = dataModeOf(media)
    return found !== undefined && (mode === undefined || found === mode) && !media.isRejected
  })
}

/** `counterpart`: the section that is answered or offered again, whose form and mid it has. */
export function createDataSection(
  counterpart: MediaDescription | undefined,
  mid: string | undefined,
  setup: SetupRole,
  options: DataSectionOptions,
): MediaDescription {
  const isLegacy = counterpart?.protocol === LEGACY_PROTOCOL
  const sctpPort = options.sctpPort ?? DEFAULT_SCTP_PORT
  const form = isLegacy ? { protocol: LEGACY_PROTOCOL, formats: [sctpPort.toString()] } : FORMS[options.mode]
  const media = MediaDescription.create({ kind: 'application', port: DISCARD_PORT, ...form })
  media.connection = UNSPECIFIED
  media.candidates = options.candidates ?? []
  media.iceUfrag = options.iceUfrag
  media.icePwd = options.icePwd
  media.iceOptions = options.iceOptions ?? ['trickle']
  media.fingerprints = options.fingerprints
  media.setup = setup
  media.mid = mid
  if (options.mode === 'datachannel') {
    if (isLegacy) media.setAttribute('sctpmap', `${sctpPort} webrtc-datachannel 65535`)
    else media.sctpPort = sctpPort
    media.maxMessageSize = options.maxMessageSize ?? 262_144
    if (!isLegacy) media.sctpInit = options.sctpInit
  }
  return media
}

/** The section with port 0, its mid and nothing that only an accepted section has (RFC 3264 §6, RFC 8829 §5.3.1). */
export function createRejectedSection(offered: MediaDescription): MediaDescription {
  const { kind, protocol, formats, mid } = offered
  const media = MediaDescription.create({ kind, port: 0, protocol, formats })
  media.connection = UNSPECIFIED
  media.direction = 'inactive'
  media.mid = mid
  return media
}

/**
 * The port of a section in the form of draft-ietf-mmusic-sctp-sdp before 2016, which aiortc still offers: the port is the
 * format, and `a=sctpmap` tells what it is for.
 *
 *     m=application 9 DTLS/SCTP 5000
 *     a=sctpmap:5000 webrtc-datachannel 65535
 */
function legacySctpPort(media: MediaDescription): number | undefined {
  if (media.protocol !== LEGACY_PROTOCOL) return undefined
  const map = /^(\d{1,5}) webrtc-datachannel(?: |$)/.exec(media.attribute('sctpmap') ?? '')
  const [, port] = map ?? []
  return port !== undefined && port === media.formats[0] && Number(port) <= 65_535 ? Number(port) : undefined
}

const FORMS = {
  datachannel: { protocol: 'UDP/DTLS/SCTP', formats: ['webrtc-datachannel'] },
  datagram: { protocol: 'UDP/DTLS', formats: ['octet-stream'] },
} as const satisfies Record<DataMode, { protocol: string; formats: readonly string[] }>

const LEGACY_PROTOCOL = 'DTLS/SCTP'

/** RFC 8841 §5: by convention. */
const DEFAULT_SCTP_PORT = 5000

/** Trickle ICE: port 9 of the unspecified address until a candidate is known (RFC 8840 §4.1.1). */
const DISCARD_PORT = 9
const UNSPECIFIED = 'IN IP4 0.0.0.0'
