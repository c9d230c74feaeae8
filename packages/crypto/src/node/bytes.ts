/** The same memory as a plain Uint8Array: a Buffer's `slice()` would be a view where the seam promises a copy. */
export function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
