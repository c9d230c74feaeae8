import { frameLimits } from './constants.ts'
import { isName } from './values.ts'

/** A `message` frame as a relay needs it: what its envelope says, and its `data` as it was written. */
export interface MessageText {
  readonly dataText: string
  readonly to: string | undefined
  readonly except: string | undefined
  readonly n: number | undefined
  readonly id: number | undefined
}

/**
 * Reads the frame that makes nearly all of a busy server's traffic in one pass, without making its `data`: `data` is
 * checked to be JSON (RFC 8259) and handed on as it is. It must be written as our own clients write it: `type` and `data`
 * first, no blanks, no escapes in names. `undefined` for everything else, sound or not: the schemas then have the word,
 * and a property test holds the two together.
 */
export function readMessageText(frame: string): MessageText | undefined {
  if (!frame.startsWith(HEAD) || frame.length > frameLimits.bytes) return undefined
  const end = endOfValue(frame, HEAD.length, 1)
  if (end < 0) return undefined
  let to: string | undefined
  let except: string | undefined
  let n: number | undefined
  let id: number | undefined
  let at = end
  while (frame.charCodeAt(at) === COMMA) {
    // A field that comes twice is left to who knows which of them counts.
    if (n === undefined && frame.startsWith(',"n":', at)) {
      at = endOfDigits(frame, at + 5)
      n = numberBefore(frame, at, 1)
      if (n === undefined) return undefined
    } else if (id === undefined && frame.startsWith(',"id":', at)) {
      at = endOfDigits(frame, at + 6)
      id = numberBefore(frame, at, 0)
      if (id === undefined) return undefined
    } else if (to === undefined && frame.startsWith(',"to":"', at)) {
      to = nameAt(frame, at + 7)
      if (to === undefined) return undefined
      at += 8 + to.length
    } else if (except === undefined && frame.startsWith(',"except":"', at)) {
      except = nameAt(frame, at + 11)
      if (except === undefined) return undefined
      at += 12 + except.length
    } else return undefined
  }
  if (frame.charCodeAt(at) !== CLOSING_BRACE || at !== frame.length - 1) return undefined
  return { dataText: frame.slice(HEAD.length, end), to, except, n, id }
}

/** The `seq` of an `ack` as our own clients write it; `undefined` for everything else. */
export function readAckText(frame: string): number | undefined {
  if (!frame.startsWith(ACK_HEAD)) return undefined
  const end = endOfDigits(frame, ACK_HEAD.length)
  return end === frame.length - 1 && frame.endsWith('}') ? numberBefore(frame, end, 1) : undefined
}

/** The name between this place and the next quotation mark. */
function nameAt(frame: string, at: number): string | undefined {
  const name = frame.slice(at, frame.indexOf('"', at))
  return isName(name) && !name.includes('\\') ? name : undefined
}

/** The number whose digits end here: safe, not below `least`, and without a sign or zeros in front. */
function numberBefore(frame: string, end: number, least: number): number | undefined {
  const digits = frame.slice(frame.lastIndexOf(':', end) + 1, end)
  if (digits === '' || digits.length > MAX_DIGITS || (digits.length > 1 && digits.startsWith('0')))
    return undefined
  const number = Number(digits)
  return number < least ? undefined : number
}

/** Where the value ends that begins here, `depth` levels down; -1 where there is none, or blanks, or too deep a one. */
function endOfValue(text: string, at: number, depth: number): number {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return endOfString(text, at + 1)
  if (first === BRACE) return endOfMembers(text, at, depth + 1, CLOSING_BRACE, true)
  if (first === BRACKET) return endOfMembers(text, at, depth + 1, CLOSING_BRACKET, false)
  if (first === MINUS || isDigit(first)) return endOfNumber(text, at)
  for (const word of WORDS) if (text.startsWith(word, at)) return at + word.length
  return -1
}

/** Where an object or an array ends. */
function endOfMembers(text: string, open: number, depth: number, closing: number, isNamed: boolean): number {
  if (depth > frameLimits.depth) return -1
  let at = open + 1
  if (text.charCodeAt(at) === closing) return at + 1
  for (;;) {
    if (isNamed) {
      if (text.charCodeAt(at) !== QUOTE) return -1
      at = endOfString(text, at + 1)
      if (at < 0 || text.charCodeAt(at++) !== COLON) return -1
    }
    at = endOfValue(text, at, depth)
    if (at < 0) return -1
    const next = text.charCodeAt(at++)
    if (next === closing) return at
    if (next !== COMMA) return -1
  }
}

/** Where the string ends whose first character is here. */
function endOfString(text: string, begin: number): number {
  for (let at = begin; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) return at + 1
    if (unit < BLANK) return -1
    if (unit !== BACKSLASH) continue
    at++
    if (text.charCodeAt(at) === LETTER_U) {
      if (!FOUR_HEX.test(text.slice(at + 1, at + 5))) return -1
      at += 4
    } else if (!ESCAPES.includes(text.charAt(at)) || at >= text.length) return -1
  }
  return -1
}

function endOfNumber(text: string, begin: number): number {
  let at = text.charCodeAt(begin) === MINUS ? begin + 1 : begin
  const whole = at
  at = endOfDigits(text, at)
  if (at === whole || (text.charCodeAt(whole) === ZERO && at > whole + 1)) return -1
  if (text.charCodeAt(at) === POINT) {
    const fraction = at + 1
    at = endOfDigits(text, fraction)
    if (at === fraction) return -1
  }
  if ((text.charCodeAt(at) | 0x20) !== LETTER_E) return at
  const sign = text.charCodeAt(++at)
  if (sign === PLUS || sign === MINUS) at++
  const exponent = at
  at = endOfDigits(text, at)
  return at === exponent ? -1 : at
}

function endOfDigits(text: string, begin: number): number {
  let at = begin
  while (isDigit(text.charCodeAt(at))) at++
  return at
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE
}

const HEAD = '{"type":"message","data":'
const ACK_HEAD = '{"type":"ack","seq":'
const WORDS = ['true', 'false', 'null']
const ESCAPES = '"\\/bfnrt'
const FOUR_HEX = /^[0-9a-fA-F]{4}$/
/** As many as are certainly below 2 ** 53. */
const MAX_DIGITS = 15
const BLANK = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const LETTER_E = 0x65
const LETTER_U = 0x75
const BRACE = 0x7b
const CLOSING_BRACE = 0x7d
