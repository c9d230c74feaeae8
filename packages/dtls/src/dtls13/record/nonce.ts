/** RFC 9147 §4: the IV, its last eight bytes XORed with the sequence number alone; each epoch has a key of its own. */
export function nonceOf(iv: Uint8Array, sequence: number, into: Uint8Array): void {
  const high = Math.floor(sequence / 0x1_0000_0000)
  const low = sequence >>> 0
  for (let i = 0; i < 4; i++) into[i] = iv[i]!
  for (let i = 0; i < 4; i++) {
    const shift = 24 - 8 * i
    into[4 + i] = iv[4 + i]! ^ (high >>> shift)
    into[8 + i] = iv[8 + i]! ^ (low >>> shift)
  }
}
