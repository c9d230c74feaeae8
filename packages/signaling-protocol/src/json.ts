import { frameLimits } from './constants.ts'

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Parses a frame's text; `undefined` when it is not JSON, or nested deeper than {@link frameLimits} allow. */
export function parseJson(text: string): Json | undefined {
  if (!isShallow(text, frameLimits.depth)) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/**
 * Whether no value lies deeper than `depth`. It must be known before parsing: a text of nothing but brackets parses,
 * and then overflows the stack of whoever walks or writes it.
 */
function isShallow(text: string, depth: number): boolean {
  if (text.length <= depth) return true
  let open = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (quoted) {
      if (unit === BACKSLASH) at++
      else if (unit === QUOTE) quoted = false
    } else if (unit === QUOTE) quoted = true
    else if (unit === BRACKET || unit === BRACE) {
      if (++open > depth) return false
    } else if (unit === CLOSING_BRACKET || unit === CLOSING_BRACE) open--
  }
  return true
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const BRACE = 0x7b
const CLOSING_BRACE = 0x7d
