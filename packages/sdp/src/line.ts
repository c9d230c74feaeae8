import { SdpError } from './sdp-error.ts'

/** One line of a description, `type=value`, RFC 8866 §5. */
export interface Line {
  /** A lower-case letter. */
  readonly type: string
  readonly value: string
}

/** Makes a line; throws {@link SdpError} `syntax` where the value would break out of it. */
export function makeLine(type: string, value: string, number: number | null = null): Line {
  if (!LINE_TYPE.test(type)) throw new SdpError('syntax', `not a line type: ${quote(type)}`, number)
  if (FORBIDDEN.test(value)) throw new SdpError('syntax', 'a value holds CR, LF or NUL', number)
  return { type, value }
}

/** Reads one line without its terminator. */
export function parseLine(text: string, number: number): Line {
  if (text[1] !== '=') throw new SdpError('syntax', `not type=value: ${quote(text)}`, number)
  return makeLine(text.slice(0, 1), text.slice(2), number)
}

/** The name of an attribute line's value: `mid` of `mid:0`, `rtcp-mux` of `rtcp-mux`. */
export function attributeName(value: string): string {
  const colon = value.indexOf(':')
  return colon === -1 ? value : value.slice(0, colon)
}

/** What follows the colon of an attribute, empty for a flag. */
export function attributeValue(value: string): string {
  const colon = value.indexOf(':')
  return colon === -1 ? '' : value.slice(colon + 1)
}

/** Foreign text for an error message: short, and on one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

const LINE_TYPE = /^[a-z]$/
// RFC 8866 §9: byte-string excludes exactly these three.
const FORBIDDEN = /[\r\n\0]/
