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
