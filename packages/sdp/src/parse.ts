import { isValidAttribute } from './attributes/index.ts'
import { attributeName, attributeValue, type Line, parseLine, quote } from './line.ts'
import { MediaDescription, parseMediaLine } from './media-description.ts'
import { SdpError } from './sdp-error.ts'
import { parseOrigin, SessionDescription } from './session-description.ts'

/** How much a description may hold. */
export interface SdpLimits {
  /** Characters, 1 MiB by default. */
  readonly length: number
  /** 20,000 by default. */
  readonly lines: number
  /** Media sections, 256 by default. */
  readonly media: number
}

/**
 * Reads a description. What this package knows is checked here, so that the typed accessors never meet a malformed
 * value; all other lines, unknown types and attributes among them, are kept as they are. Lines end in CRLF or in a
 * bare LF (RFC 8866 §5).
 *
 * Throws {@link SdpError}, which names the line.
 *
 * @example
 * const offer = parseSession(text)
 * writeSession(offer) === text
 */
export function parseSession(text: string, limits: Partial<SdpLimits> = {}): SessionDescription {
  const { length, lines: maxLines, media: maxMedia } = { ...DEFAULT_LIMITS, ...limits }
  if (text.length > length) throw new SdpError('too-large', `more than ${length} characters`)
  const lines = splitLines(text, maxLines).map((line, at) => parseLine(line, at + 1))

  checkSessionLevel(lines)
  const starts: number[] = []
  for (const [at, line] of lines.entries()) {
    checkAttribute(line, at + 1)
    if (line.type !== 'm') continue
    parseMediaLine(line.value, at + 1)
    if (starts.push(at) > maxMedia)
      throw new SdpError('too-large', `more than ${maxMedia} media sections`, at + 1)
  }
  const media = starts.map((start, at) => new MediaDescription(lines.slice(start, starts[at + 1])))
  checkMids(media, starts)
  return new SessionDescription(lines.slice(0, starts[0]), media)
}

/** Writes a description; every line ends in CRLF. */
export function writeSession(description: SessionDescription): string {
  let text = ''
  for (const section of [description, ...description.media])
    for (const { type, value } of section.lines) text += `${type}=${value}\r\n`
  return text
}

function splitLines(text: string, max: number): string[] {
  // One more than allowed proves the excess without splitting all of a hostile text.
  const lines = text.split('\n', max + 2)
  if (lines.at(-1) === '') lines.pop()
  if (lines.length > max) throw new SdpError('too-large', `more than ${max} lines`, max + 1)
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

/** RFC 8866 §5: these lines must be there, the first three in this order. */
function checkSessionLevel(lines: readonly Line[]): void {
  const [version, origin, name] = lines
  if (version?.type !== 'v' || version.value !== '0')
    throw new SdpError('structure', 'v=0 must come first', 1)
  if (origin?.type !== 'o') throw new SdpError('structure', 'o= must come second', 2)
  parseOrigin(origin.value, 2)
  if (name?.type !== 's') throw new SdpError('structure', 's= must come third', 3)

  const firstMedia = lines.findIndex((line) => line.type === 'm')
  const end = firstMedia === -1 ? lines.length : firstMedia
  if (!lines.slice(0, end).some((line) => line.type === 't'))
    throw new SdpError('structure', 't= is missing at the session level', end + 1)
  const doubled = lines.findIndex(
    (line, at) => at > 2 && 'vost'.includes(line.type) && (line.type !== 't' || at > end),
  )
  if (doubled !== -1) throw new SdpError('structure', `${lines[doubled]!.type}= is out of place`, doubled + 1)
}

function checkAttribute(line: Line, number: number): void {
  if (line.type !== 'a') return
  const name = attributeName(line.value)
  if (name === '') throw new SdpError('syntax', 'an attribute has no name', number)
  if (!isValidAttribute(name, attributeValue(line.value)))
    throw new SdpError('invalid-attribute', `not a valid attribute: ${quote(line.value)}`, number)
}

/** RFC 5888 §4: a mid is unique in its description. */
function checkMids(media: readonly MediaDescription[], starts: readonly number[]): void {
  const seen = new Set<string>()
  for (const [at, { mid }] of media.entries()) {
    if (mid === undefined) continue
    if (seen.has(mid)) throw new SdpError('structure', `mid ${quote(mid)} is taken`, starts[at]! + 1)
    seen.add(mid)
  }
}

const DEFAULT_LIMITS: SdpLimits = { length: 1_048_576, lines: 20_000, media: 256 }
