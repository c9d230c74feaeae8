import {
  type AesProgram,
  assembleAesProgram,
  blockAt,
  blockSize,
  keysAt,
  keySlots,
  keySlotSize,
} from './aes-program.ts'
import { instantiate } from '../wasm/instantiate.ts'
import { KeySlots, type SlottedKey } from '../wasm/key-slots.ts'
import { timesX } from './substitution-box.ts'

/** The round keys of a key, FIPS 197 §5.2. */
export class RoundKeys implements SlottedKey {
  readonly bytes: Uint8Array
  slot = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** Encrypts single blocks. One engine serves all keys. */
export class AesEngine {
  readonly #program: AesProgram
  readonly #block: Uint8Array
  readonly #keys: KeySlots

  private constructor(program: AesProgram) {
    this.#program = program
    const memory = new Uint8Array(program.memory.buffer)
    this.#block = memory.subarray(blockAt, blockAt + blockSize)
    this.#keys = new KeySlots(memory, keysAt, keySlotSize, keySlots)
  }

  /** Null where there is no WebAssembly with vector instructions. */
  static create(): AesEngine | null {
    const program = instantiate(assembleAesProgram()) as AesProgram | null
    return program && new AesEngine(program)
  }

  /** `key` has 16 or 32 bytes. */
  createRoundKeys(key: Uint8Array): RoundKeys {
    const words = key.length / 4
    const bytes = new Uint8Array(4 * (4 * (words + 7)))
    bytes.set(key)
    let constant = 1
    for (let at = key.length; at < bytes.length; at += 4) {
      const word = bytes.slice(at - 4, at)
      const turn = (at / 4) % words
      if (turn === 0) word.copyWithin(0, 1).set(bytes.subarray(at - 4, at - 3), 3)
      if (turn === 0 || (words > 6 && turn === 4)) word.set(this.#substitute(word))
      if (turn === 0) {
        word[0]! ^= constant
        constant = timesX(constant)
      }
      for (let i = 0; i < 4; i++) bytes[at + i] = bytes[at - key.length + i]! ^ word[i]!
    }
    return new RoundKeys(bytes)
  }

  /** The block from `at` on, encrypted. Borrowed until the next call. */
  encrypt(keys: RoundKeys, block: Uint8Array, at: number): Uint8Array {
    const into = this.#block
    for (let i = 0; i < blockSize; i++) into[i] = block[at + i]!
    const first = this.#keys.place(keys)
    this.#program.encrypt(first, first + keys.bytes.length - blockSize)
    return into
  }

  /** SubWord. */
  #substitute(word: Uint8Array): Uint8Array {
    this.#block.set(word)
    this.#program.substitute()
    return this.#block.subarray(0, 4)
  }
}
