import type { ClientFrame } from './client-frame.ts'
import { frameLimits } from './constants.ts'
import type { Json } from './json.ts'

/**
 * The frames that make nearly all of a busy server's traffic, read by hand: a third of the time that the schemas take.
 * `undefined` where a frame is another one or not beyond doubt; the schemas then have the word. A property test holds
 * the two together.
 */
export function readBusyFrame(value: Json): ClientFrame | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const fields = value as Fields
  if (fields.type === 'message') return readMessage(fields)
  if (fields.type === 'ack' && isSequence(fields.seq)) return { type: 'ack', seq: fields.seq }
  return undefined
}

/**
 * The text of a message's `data`, where a sound `message` frame begins as our own client writes it: whoever hands it on
 * need not write it anew. `undefined` where it does not.
 */
export function dataTextOf(frame: string): string | undefined {
  if (!frame.startsWith(MESSAGE_HEAD)) return undefined
  let open = 0
  for (let at = MESSAGE_HEAD.length; at < frame.length; at++) {
    const unit = frame.charCodeAt(at)
    if (unit === QUOTE) at = endOfText(frame, at)
    else if (unit === BRACKET || unit === BRACE) open++
    else if (
      (unit === COMMA && open === 0) ||
      ((unit === CLOSING_BRACKET || unit === CLOSING_BRACE) && --open < 0)
    )
      return frame.slice(MESSAGE_HEAD.length, at)
  }
  return undefined
}

/** Where the text ends that begins at this quotation mark. */
function endOfText(frame: string, begin: number): number {
  let at = begin + 1
  while (at < frame.length && frame.charCodeAt(at) !== QUOTE) at += frame.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

interface Fields {
  readonly type?: Json
  readonly data?: Json
  readonly to?: Json
  readonly except?: Json
  readonly n?: Json
  readonly id?: Json
  readonly seq?: Json
}

function readMessage({ data, to, except, n, id }: Fields): ClientFrame | undefined {
  if (data === undefined || !isName(to) || !isName(except) || !isNumber(n, 1) || !isNumber(id, 0))
    return undefined
  // One shape for all of them: fields that are not there are undefined.
  return { type: 'message', except, data, to, n, id }
}

/** As the schema has it: `optional(name)`. */
function isName(value: Json | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && NAME.test(value))
}

function isNumber(value: Json | undefined, least: number): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)
}

function isSequence(value: Json | undefined): value is number {
  return value !== undefined && isNumber(value, 1)
}

const NAME = new RegExp(`^\\P{C}{1,${frameLimits.name}}$`, 'u')
const MESSAGE_HEAD = '{"type":"message","data":'
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const BRACE = 0x7b
const CLOSING_BRACE = 0x7d
