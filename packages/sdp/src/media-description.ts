import { tokenPattern } from './attributes/attribute.ts'
import { Fingerprint, type FingerprintValue } from './attributes/fingerprint.ts'
import { Mid } from './attributes/group.ts'
import { Candidate, IceOptions, IcePwd, IceUfrag } from './attributes/ice.ts'
import { MaxMessageSize, SctpInit, SctpPort } from './attributes/sctp.ts'
import { Setup, type SetupRole } from './attributes/setup.ts'
import { type Line, makeLine, quote } from './line.ts'
import { SdpError } from './sdp-error.ts'
import { Section } from './section.ts'

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** The four fields of an `m=` line, RFC 8866 §5.14. */
export interface MediaLine {
  /** `audio`, `video`, `application` … */
  readonly kind: string
  readonly port: number
  /** `UDP/DTLS/SCTP`, `UDP/TLS/RTP/SAVPF` … */
  readonly protocol: string
  /** RTP payload types, or `webrtc-datachannel`. */
  readonly formats: readonly string[]
}

/**
 * One media section: its `m=` line and what follows it. Setters change the line in question where it stands and
 * leave all others alone. Attributes that may also stand at the session level are read here as they are in this
 * section; {@link transportOf} looks in every place.
 */
export class MediaDescription extends Section {
  /** Throws {@link SdpError} `syntax` unless the lines begin with a sound `m=` line. */
  constructor(lines: readonly Line[]) {
    super(lines, MEDIA_ORDER)
    if (lines[0]?.type !== 'm') throw new SdpError('structure', 'a media section begins with m=')
    this.#media()
  }

  static create(media: MediaLine): MediaDescription {
    return new MediaDescription([makeLine('m', formatMediaLine(media))])
  }

  get kind(): string {
    return this.#media().kind
  }

  get port(): number {
    return this.#media().port
  }

  set port(port: number) {
    this.setLine('m', formatMediaLine({ ...this.#media(), port }))
  }

  get protocol(): string {
    return this.#media().protocol
  }

  get formats(): readonly string[] {
    return this.#media().formats
  }

  /** The value of `c=`: `IN IP4 0.0.0.0`. */
  get connection(): string | undefined {
    return this.line('c')
  }

  set connection(value: string | undefined) {
    this.setLine('c', value)
  }

  /** Port 0 without `a=bundle-only`: the section was refused or stopped (RFC 8829 §5.2.1, RFC 9143 §6). */
  get isRejected(): boolean {
    return this.port === 0 && !this.isBundleOnly
  }

  get isBundleOnly(): boolean {
    return this.has('bundle-only')
  }

  get mid(): string | undefined {
    return this.get(Mid)
  }

  set mid(value: string | undefined) {
    this.set(Mid, value)
  }

  /** `sendrecv` when the section does not say, RFC 8866 §6.7. */
  get direction(): Direction {
    return DIRECTIONS.find((direction) => this.has(direction)) ?? 'sendrecv'
  }

  set direction(value: Direction) {
    for (const direction of DIRECTIONS) if (direction !== value) this.removeAttribute(direction)
    this.setFlag(value, true)
  }

  get setup(): SetupRole | undefined {
    return this.get(Setup)
  }

  set setup(value: SetupRole | undefined) {
    this.set(Setup, value)
  }

  get iceUfrag(): string | undefined {
    return this.get(IceUfrag)
  }

  set iceUfrag(value: string | undefined) {
    this.set(IceUfrag, value)
  }

  get icePwd(): string | undefined {
    return this.get(IcePwd)
  }

  set icePwd(value: string | undefined) {
    this.set(IcePwd, value)
  }

  get iceOptions(): readonly string[] {
    return this.get(IceOptions) ?? []
  }

  set iceOptions(value: readonly string[]) {
    this.set(IceOptions, value.length === 0 ? undefined : value)
  }

  get fingerprints(): readonly FingerprintValue[] {
    return this.getAll(Fingerprint)
  }

  set fingerprints(values: readonly FingerprintValue[]) {
    this.setAll(Fingerprint, values)
  }

  /** `candidate:…` lines, as `RTCIceCandidate.candidate` has them. */
  get candidates(): readonly string[] {
    return this.getAll(Candidate)
  }

  set candidates(values: readonly string[]) {
    this.setAll(Candidate, values)
  }

  /** Appends a candidate; `candidate:…` and `a=candidate:…` are both taken. */
  addCandidate(candidate: string): void {
    this.addAttribute(Candidate.name, Candidate.format(candidate))
  }

  /** RFC 8840 §8.2. */
  get endOfCandidates(): boolean {
    return this.has('end-of-candidates')
  }

  set endOfCandidates(value: boolean) {
    this.setFlag('end-of-candidates', value)
  }

  get sctpPort(): number | undefined {
    return this.get(SctpPort)
  }

  set sctpPort(value: number | undefined) {
    this.set(SctpPort, value)
  }

  /** An SCTP INIT chunk, draft-hancke-tsvwg-snap; `undefined` too where it is no base64. */
  get sctpInit(): Uint8Array | undefined {
    return this.get(SctpInit)
  }

  set sctpInit(value: Uint8Array | undefined) {
    this.set(SctpInit, value)
  }

  /** Bytes, 0 for no limit; where it is absent the peer takes {@link defaultMaxMessageSize}. */
  get maxMessageSize(): number | undefined {
    return this.get(MaxMessageSize)
  }

  set maxMessageSize(value: number | undefined) {
    this.set(MaxMessageSize, value)
  }

  get rtcpMux(): boolean {
    return this.has('rtcp-mux')
  }

  #media(): MediaLine {
    return parseMediaLine(this.line('m') ?? '', null)
  }
}

/** Reads the value of an `m=` line; throws {@link SdpError} `syntax`. */
export function parseMediaLine(value: string, number: number | null): MediaLine {
  const [kind = '', port = '', protocol = '', ...formats] = value.split(' ')
  const isSound =
    tokenPattern.test(kind) &&
    // "port/number of ports" is RTP without multiplexing, which WebRTC never has (RFC 8834 §4.5).
    /^(0|[1-9]\d{0,4})$/.test(port) &&
    Number(port) <= 65_535 &&
    protocol.split('/').every((part) => tokenPattern.test(part)) &&
    formats.length > 0 &&
    formats.every((format) => tokenPattern.test(format))
  if (!isSound) throw new SdpError('syntax', `not a media line: ${quote(value)}`, number)
  return { kind, port: Number(port), protocol, formats }
}

function formatMediaLine({ kind, port, protocol, formats }: MediaLine): string {
  const value = [kind, port, protocol, ...formats].join(' ')
  parseMediaLine(value, null)
  return value
}

const MEDIA_ORDER = 'micbka'
const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const
