import {
  aadAt,
  assembleGcmProgram,
  dataAt,
  type GcmProgram,
  hashAt,
  keystreamAt,
  lanes,
  maxData,
  tableSize,
  tableSlots,
  tablesAt,
} from './gcm-program.ts'
import { fillTable } from './hash-tables.ts'

/** A hash key as the engine wants it: what a key of AES-GCM costs beside AES. */
export class HashKey {
  /** For {@link GcmEngine}: values for some powers of the key. */
  readonly table: Uint8Array = new Uint8Array(tableSize)
  /** For {@link GcmEngine}: where the table is in the program's memory, if it still is. */
  slot = 0
}

/**
 * Seals and opens texts of AES-GCM of which the key stream is known: `E(K, J₀)`, then `E(K, J₀ + 1)` … in the words of
 * NIST SP 800-38D §7. One engine serves all keys: between two calls its memory holds nothing that is needed but tables
 * that are kept for those that are used in turns.
 */
export class GcmEngine {
  /** Bytes of the longest text, and of the longest additional data. */
  static readonly maxLength: number = maxData
  static readonly maxAadLength = 16
  readonly #program: GcmProgram
  readonly #memory: Uint8Array
  readonly #owners = new Array<HashKey | null>(tableSlots).fill(null)
  #nextSlot = 0
  /** Texts of one length in a row share a view. */
  #cut: Uint8Array

  private constructor(program: GcmProgram) {
    this.#program = program
    this.#memory = new Uint8Array(program.memory.buffer)
    this.#cut = this.#memory.subarray(dataAt, dataAt)
  }

  /** Null where there is no WebAssembly with vector instructions. */
  static create(): GcmEngine | null {
    if (typeof WebAssembly === 'undefined') return null
    const bytes = assembleGcmProgram()
    if (!WebAssembly.validate(bytes)) return null
    return new GcmEngine(new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports)
  }

  /** `key` is `E(K, 0¹²⁸)`. */
  createHashKey(key: Uint8Array): HashKey {
    const hashKey = new HashKey()
    // A group of zero blocks and one block is that block times the key itself: so the powers make each other.
    let power = key
    for (let exponent = 1; exponent <= lanes; exponent++) {
      fillTable(hashKey.table, exponent, power)
      if (exponent === lanes) break
      const table = this.#place(hashKey, true)
      this.#memory.set(power, dataAt + 16 * (lanes - 1))
      this.#memory.fill(0, dataAt, dataAt + 16 * (lanes - 1))
      // Only the first power is in the table that this product uses: the others meet zeros.
      this.#program.hash(table, dataAt, dataAt + 16 * lanes)
      power = this.#memory.slice(hashAt, hashAt + 16)
    }
    this.#place(hashKey, true)
    return hashKey
  }

  /** As {@link Aead.seal}. `keystream` has a block more than the text has. */
  seal(
    key: HashKey,
    keystream: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    into: Uint8Array,
    at: number,
  ): number {
    const length = plaintext.length
    this.#memory.set(plaintext, dataAt)
    this.#load(keystream, aad)
    this.#program.seal(this.#place(key), length, aad.length)
    into.set(this.#view(length + tagLength), at)
    return length + tagLength
  }

  /** As {@link Aead.open}; `sealed` is not shorter than a tag. */
  open(
    key: HashKey,
    keystream: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
    into: Uint8Array,
    at: number,
  ): number {
    const length = sealed.length - tagLength
    this.#memory.set(sealed, dataAt)
    this.#load(keystream, aad)
    if (this.#program.open(this.#place(key), length, aad.length) === 0) return -1
    into.set(this.#view(length), at)
    return length
  }

  #load(keystream: Uint8Array, aad: Uint8Array): void {
    const memory = this.#memory
    memory.set(keystream, keystreamAt)
    for (let i = 0; i < GcmEngine.maxAadLength; i++) memory[aadAt + i] = aad[i] ?? 0
  }

  /** The address of the key's table, which is brought in where it is not there, or `hasChanged`. */
  #place(key: HashKey, hasChanged = false): number {
    const isThere = this.#owners[key.slot] === key
    if (!isThere) {
      key.slot = this.#nextSlot
      this.#nextSlot = (this.#nextSlot + 1) % tableSlots
      this.#owners[key.slot] = key
    }
    const address = tablesAt + key.slot * tableSize
    if (!isThere || hasChanged) this.#memory.set(key.table, address)
    return address
  }

  #view(length: number): Uint8Array {
    if (this.#cut.length !== length) this.#cut = this.#memory.subarray(dataAt, dataAt + length)
    return this.#cut
  }
}

const tagLength = 16

/** As much of the JavaScript API as is used here; the type library of ECMAScript does not have it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: GcmProgram }
}
