import { Group, type GroupValue } from './attributes/group.ts'
import { IcePacing } from './attributes/ice.ts'
import { type Line, makeLine, quote } from './line.ts'
import type { MediaDescription } from './media-description.ts'
import { SdpError } from './sdp-error.ts'
import { Section } from './section.ts'

/** The fields of the `o=` line, RFC 8866 §5.2. */
export interface Origin {
  readonly username: string
  /** A decimal number of 64 bits, kept as text. */
  readonly sessionId: string
  /** Grows by one with every changed description, RFC 8829 §5.2.2. */
  readonly sessionVersion: string
  readonly netType: string
  readonly addressType: string
  readonly address: string
}

/**
 * A whole description: the session level, which this object is, and the media sections after it.
 *
 * @example
 * const offer = parseSession(text)
 * const data = offer.media.find((section) => section.kind === 'application')
 * offer.bundle // ['0', '1', '2']
 */
export class SessionDescription extends Section {
  readonly media: MediaDescription[]

  constructor(lines: readonly Line[], media: readonly MediaDescription[] = []) {
    super(lines, SESSION_ORDER)
    this.media = [...media]
  }

  /** The lines every description begins with, RFC 8829 §5.2.1. */
  static create(origin: Origin): SessionDescription {
    return new SessionDescription([
      makeLine('v', '0'),
      makeLine('o', formatOrigin(origin)),
      makeLine('s', '-'),
      makeLine('t', '0 0'),
    ])
  }

  get origin(): Origin {
    return parseOrigin(this.line('o') ?? '', null)
  }

  set origin(origin: Origin) {
    this.setLine('o', formatOrigin(origin))
  }

  get groups(): readonly GroupValue[] {
    return this.getAll(Group)
  }

  /** The mids of the first BUNDLE group, RFC 9143; `undefined` when nothing is bundled. */
  get bundle(): readonly string[] | undefined {
    return this.groups.find((group) => group.semantics === 'BUNDLE')?.mids
  }

  set bundle(mids: readonly string[] | undefined) {
    const others = this.groups.filter((group) => group.semantics !== 'BUNDLE')
    this.setAll(Group, mids === undefined ? others : [{ semantics: 'BUNDLE', mids }, ...others])
  }

  /** RFC 8839 §5.3. */
  get iceLite(): boolean {
    return this.has('ice-lite')
  }

  set iceLite(isLite: boolean) {
    this.setFlag('ice-lite', isLite)
  }

  /** Ta that the end wishes for, milliseconds (RFC 8839 §5.5); `undefined` where there is none, or no number. */
  get icePacing(): number | undefined {
    return this.get(IcePacing)
  }

  set icePacing(milliseconds: number | undefined) {
    this.set(IcePacing, milliseconds)
  }

  /** The section with this mid. */
  section(mid: string): MediaDescription | undefined {
    return this.media.find((media) => media.mid === mid)
  }
}

/** Reads the value of an `o=` line; throws {@link SdpError} `syntax`. */
export function parseOrigin(value: string, number: number | null): Origin {
  const [username, sessionId, sessionVersion, netType, addressType, address, ...rest] = value.split(' ')
  if (
    !username ||
    !netType ||
    !addressType ||
    !address ||
    rest.length > 0 ||
    !isNumeric(sessionId, sessionVersion)
  )
    throw new SdpError('syntax', `not an origin: ${quote(value)}`, number)
  return { username, sessionId, sessionVersion, netType, addressType, address } as Origin
}

function formatOrigin(origin: Origin): string {
  const { username, sessionId, sessionVersion, netType, addressType, address } = origin
  const value = [username, sessionId, sessionVersion, netType, addressType, address].join(' ')
  parseOrigin(value, null)
  return value
}

function isNumeric(...texts: readonly (string | undefined)[]): boolean {
  return texts.every((text) => text !== undefined && /^\d{1,40}$/.test(text))
}

const SESSION_ORDER = 'vosiuepcbtrzka'
