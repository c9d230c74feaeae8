import { DecodeError } from './decode-error.ts'

/** Reads hexadecimal digits; white space between them is ignored. Throws {@link DecodeError} on anything else. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits))
    throw new DecodeError('invalid', 'not hexadecimal')
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

/** Lower-case hexadecimal, two digits a byte, with `separator` between bytes (none by default). */
export function toHex(bytes: Uint8Array, separator = ''): string {
  const digits: string[] = []
  for (const byte of bytes) digits.push(byte.toString(16).padStart(2, '0'))
  return digits.join(separator)
}

/**
 * A copy of `bytes` from `start` up to, not including, `end`. Not `slice()`: of a Node `Buffer`, which a caller may hand
 * in for a `Uint8Array`, that is a view, and what was kept changes when the caller uses its memory again.
 */
export function copyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
  return new Uint8Array(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Plain comparison, for values that are no secret. Secrets and MACs use `equalConstantTime` of `@purertc/crypto`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
