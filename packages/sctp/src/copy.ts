/** Copies bytes between arrays. Making a view costs as much as copying some dozens of bytes one by one. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  if (length < viewWorthwhile) {
    for (let i = 0; i < length; i++) into[at + i] = from[start + i]!
  } else if (start === 0 && length === from.length) {
    into.set(from, at)
  } else {
    into.set(from.subarray(start, start + length), at)
  }
}

const viewWorthwhile = 64
