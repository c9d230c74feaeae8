import {
  assembleModule,
  type Code,
  i32,
  i8x16,
  local,
  repeatWhile,
  sequence,
  v128,
  v128Type,
  type WasmFunction,
} from '../wasm/assembler.ts'
import { substitutionBox } from './substitution-box.ts'

/**
 * AES of one block, FIPS 197, in WebAssembly: for where a call of OpenSSL costs ten times as much as what it then does.
 *
 * The block is one vector. **SubBytes** looks each of its bytes up in the sixteen rows of the S-box at once: a row is a
 * vector, `i8x16.swizzle` picks from it by the low nibble, and yields 0 for the bytes whose high nibble names another row.
 * No memory is touched, whatever the bytes are: like GHASH (docs/adr/0003), this is constant in time.
 */
export function assembleAesProgram(): Uint8Array<ArrayBuffer> {
  return assembleModule(1, [encryptFunction(), substituteFunction()])
}

/** What the program's functions are to JavaScript. The block is at {@link blockAt}, and is replaced. */
export interface AesProgram {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** Encrypts by the round keys from `keys` up to `lastKey`, addresses in bytes. */
  encrypt(keys: number, lastKey: number): void
  /** SubBytes alone, of which round keys are made. */
  substitute(): void
}

export const blockSize = 16
export const blockAt = 0
/** {@link keySlots} places for round keys follow, each of {@link keySlotSize} bytes. */
export const keysAt = 16
/** AES-256 has fifteen round keys. */
export const keySlotSize: number = 15 * blockSize
export const keySlots = 64

function encryptFunction(): WasmFunction {
  const [keys, lastKey] = [local(0), local(1)]
  const [state, index, next] = [local(2), local(3), local(4)]
  const addRoundKey = state.set(v128.xor(state.get, v128.load(keys.get)))
  const advance = keys.set(i32.add(keys.get, i32.const(blockSize)))

  /** MixColumns: of each column `2a + 3b + c + d`, where `b`, `c` and `d` are the bytes below `a`. */
  const mixColumns = sequence(
    next.set(rotated(state.get, 1)),
    index.set(v128.xor(state.get, next.get)),
    state.set(
      v128.xor(
        v128.xor(next.get, v128.xor(rotated(state.get, 2), rotated(state.get, 3))),
        v128.xor(i8x16.add(index.get, index.get), v128.and(i8x16.shrS(index.get, 7), i8x16.splat(0x1b))),
      ),
    ),
  )

  return {
    name: 'encrypt',
    parameters: 2,
    locals: [v128Type, v128Type, v128Type],
    body: sequence(
      state.set(v128.load(i32.const(blockAt))),
      addRoundKey,
      advance,
      repeatWhile(
        i32.ltU(keys.get, lastKey.get),
        sequence(substitute(2, 3, 4), shiftRows(2), mixColumns, addRoundKey, advance),
      ),
      substitute(2, 3, 4),
      shiftRows(2),
      addRoundKey,
      v128.store(i32.const(blockAt), 0, state.get),
    ),
  }
}

function substituteFunction(): WasmFunction {
  return {
    name: 'substitute',
    parameters: 0,
    locals: [v128Type, v128Type, v128Type],
    body: sequence(
      local(0).set(v128.load(i32.const(blockAt))),
      substitute(0, 1, 2),
      v128.store(i32.const(blockAt), 0, local(0).get),
    ),
  }
}

/** SubBytes of the local `at`; `index` and `sum` are temporaries. */
function substitute(at: number, index: number, sum: number): Code {
  const [bytes, offset, found] = [local(at), local(index), local(sum)]
  const box = substitutionBox()
  const rows = Array.from({ length: 16 }, (_, row) => v128.const([...box.subarray(16 * row, 16 * row + 16)]))
  const lookUp = (row: Code): Code => i8x16.swizzle(row, offset.get)
  return sequence(
    offset.set(bytes.get),
    found.set(v128.zero),
    // What is not in this row is 16 or more away from its first byte, or wraps around to as much.
    ...rows.map((row) =>
      sequence(
        found.set(v128.or(found.get, lookUp(row))),
        offset.set(i8x16.sub(offset.get, i8x16.splat(16))),
      ),
    ),
    bytes.set(found.get),
  )
}

/** ShiftRows: the byte of row `r` comes from `r` columns further on; columns are four bytes each. */
function shiftRows(at: number): Code {
  const state = local(at)
  const from = Array.from({ length: 16 }, (_, i) => (i + 4 * (i % 4)) % 16)
  return state.set(i8x16.shuffle(state.get, state.get, from))
}

/** Each column, moved up by so many bytes. */
function rotated(value: Code, by: number): Code {
  const from = Array.from({ length: 16 }, (_, i) => (i & ~3) | ((i + by) & 3))
  return i8x16.shuffle(value, value, from)
}
