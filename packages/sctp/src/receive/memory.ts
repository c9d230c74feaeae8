/** Bytes of memory that one reassembly holds, as its messages count them. */
export class Memory {
  held = 0
}
