/**
 * How the value of one attribute is read and written. `parse` gives `null` for a value that the attribute's
 * specification forbids; the value of a flag such as `a=rtcp-mux` is the empty string.
 */
export interface Attribute<T> {
  readonly name: string
  parse(value: string): T | null
  format(value: T): string
}

/** An attribute whose value is the text itself, when the pattern matches it whole. */
export function textAttribute(name: string, pattern: RegExp): Attribute<string> {
  return { name, parse: (value) => (pattern.test(value) ? value : null), format: (value) => value }
}

/** A decimal number from 0 to `max`. */
export function numberAttribute(name: string, max: number): Attribute<number> {
  return {
    name,
    parse: (value) => (/^\d{1,15}$/.test(value) && Number(value) <= max ? Number(value) : null),
    format: (value) => String(value),
  }
}

/** `token` of RFC 8866 §9. */
export const tokenPattern: RegExp = /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/
