import {
  assembleModule,
  type Code,
  i32,
  i32Type,
  i64,
  i64Type,
  i64x2,
  i8x16,
  local,
  type Local,
  repeatWhile,
  sequence,
  v128,
  v128Type,
  type WasmFunction,
} from './wasm-assembler.ts'

/**
 * AES-GCM without AES, in WebAssembly: GHASH (NIST SP 800-38D §6.4) and the exclusive or with a key stream that the
 * caller brings. See docs/adr for why, and for what makes it constant in time.
 *
 * **The multiplication.** A block X times the hash key H is the sum of its 32 nibbles times H, each at its place. With
 * H fixed, a nibble times H is one of sixteen values of 17 bytes. Byte `j` of all sixteen is one vector, and
 * `i8x16.swizzle` looks a whole block's nibbles up in it: a look-up in a register, which takes the same time and touches
 * the same memory whatever the nibbles are. 34 such look-ups make the product of 256 bits, a dozen shifts reduce it
 * modulo the polynomial. Two blocks share the shifts and the reduction, by two powers of H (of one, two, three and four
 * two is the fastest: more needs more registers than there are):
 *
 *     Y' = (Y + X₀)·H² + X₁·H
 *
 * Bits are in GCM's order: the first bit of the first byte is the coefficient of x⁰.
 */
export function assembleGcmProgram(): Uint8Array<ArrayBuffer> {
  return assembleModule(pages, [sealFunction(), openFunction(), hashFunction()])
}

/** What the program's functions are to JavaScript. Addresses and lengths are in bytes. */
export interface GcmProgram {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** Turns the `length` bytes at `dataAt` into ciphertext, and writes the tag behind it. */
  seal(tables: number, length: number, aadLength: number): void
  /** The reverse. Returns 1 where the tag behind the ciphertext is right, else 0: then the text is of no use. */
  open(tables: number, length: number, aadLength: number): number
  /** GHASH from `at` up to `end`, a multiple of `lanes` blocks, into the 16 bytes at `hashAt`. */
  hash(tables: number, at: number, end: number): void
}

// The layout of the memory. Between `hashAt` and the additional data there are zeros: they go before a text whose blocks
// are not a multiple of `lanes`, since leading zeros do not change the hash.

/** Where a hash is written. */
export const hashAt = 0
/** One block of additional data, padded with zeros. */
export const aadAt = 64
/** The text, then room for its padding, the tag, and the block of lengths. */
export const dataAt = 80
/** Bytes of the longest text. */
export const maxData = 1_536
/** The key stream: first the block that hides the tag, then what the text is combined with. */
export const keystreamAt = 1_728
/** {@link tableSlots} tables of {@link tableSize} bytes follow. */
export const tablesAt = 3_328
export const tableSlots = 56

/** Blocks that are hashed at once, each with a power of H of its own. */
export const lanes = 2
/** Bytes of a nibble times H. */
export const productBytes = 17
/** For each byte of the product and each power: sixteen values for high nibbles, sixteen for low ones. */
export const tableSize: number = productBytes * lanes * 32
/** Where in a table the values of byte `byte` for `power` stand, those for high nibbles first. */
export const tableOffset = (byte: number, power: number): number => (byte * lanes + lanes - power) * 32

const pages = 1
const blockSize = 16

/** GHASH of whole groups: `y` from `at`, an i32 local that it moves up to `end`. Its temporaries begin at `first`. */
function hashLoop(tables: Code, at: Local, end: Code, first: number): Code {
  const y = local(first)
  const low = local(first + 1)
  const high = local(first + 2)
  const part = local(first + 3)
  const highNibbles = Array.from({ length: lanes }, (_, i) => local(first + 4 + i))
  const lowNibbles = Array.from({ length: lanes }, (_, i) => local(first + 4 + lanes + i))
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => local(first + 4 + 2 * lanes + i)) as [
    Local,
    Local,
    Local,
    Local,
  ]

  const splitBlocks = highNibbles.map((nibbles, i) => {
    const block = v128.load(at.get, i * blockSize)
    return sequence(
      part.set(i === 0 ? v128.xor(block, y.get) : block),
      nibbles.set(i8x16.shrU(part.get, 4)),
      lowNibbles[i]!.set(v128.and(part.get, i8x16.splat(0x0f))),
    )
  })

  /** Byte `byte` of each nibble's product, summed over the blocks. */
  const partOf = (byte: number): Code =>
    highNibbles
      .flatMap((nibbles, i) => {
        const offset = tableOffset(byte, lanes - i)
        return [
          i8x16.swizzle(v128.load(tables, offset), nibbles.get),
          i8x16.swizzle(v128.load(tables, offset + 16), lowNibbles[i]!.get),
        ]
      })
      .reduce((sum, term) => v128.xor(sum, term))

  /** Lane `i` of a part belongs at byte `i + byte` of the product: into `low`, and from 16 on into `high`. */
  const addPart = (byte: number): Code => {
    const up = Array.from({ length: 16 }, (_, k) => 16 - byte + k)
    if (byte === 0) return sequence(low.set(partOf(0)), high.set(v128.zero))
    const keep = part.set(partOf(byte))
    const toHigh = byte === 16 ? part.get : i8x16.shuffle(part.get, v128.zero, up)
    const addHigh = high.set(v128.xor(high.get, toHigh))
    if (byte === 16) return sequence(keep, addHigh)
    return sequence(keep, low.set(v128.xor(low.get, i8x16.shuffle(v128.zero, part.get, up))), addHigh)
  }

  const shiftedRight = (bits: number): Code =>
    i64.or(i64.shrU(d.get, i64.const(bits)), i64.shl(c.get, i64.const(64 - bits)))
  const overflow = [63, 62, 57].map((bits) => i64.shl(d.get, i64.const(bits)))

  /** x¹²⁸ = 1 + x + x² + x⁷. `a` and `b` are the low half of the product, `c` and `d` the high one. */
  const reduce = sequence(
    a.set(i64x2.extract(i8x16.shuffle(low.get, low.get, bytesReversed), 0)),
    b.set(i64x2.extract(i8x16.shuffle(low.get, low.get, bytesReversed), 1)),
    c.set(i64x2.extract(i8x16.shuffle(high.get, high.get, bytesReversed), 0)),
    d.set(i64x2.extract(i8x16.shuffle(high.get, high.get, bytesReversed), 1)),
    c.set(overflow.reduce((sum, term) => i64.xor(sum, term), c.get)),
    a.set([0, 1, 2, 7].reduce((sum, bits) => i64.xor(sum, i64.shrU(c.get, i64.const(bits))), a.get)),
    b.set([1, 2, 7].reduce((sum, bits) => i64.xor(sum, shiftedRight(bits)), i64.xor(b.get, d.get))),
    part.set(i64x2.make(a.get, b.get)),
    y.set(i8x16.shuffle(part.get, part.get, bytesReversed)),
  )

  return sequence(
    y.set(v128.zero),
    repeatWhile(
      i32.ltU(at.get, end),
      sequence(
        ...splitBlocks,
        ...Array.from({ length: productBytes }, (_, byte) => addPart(byte)),
        reduce,
        at.set(i32.add(at.get, i32.const(lanes * blockSize))),
      ),
    ),
  )
}

/** Types of the temporaries of {@link hashLoop}. */
const hashLocals = [...new Array<number>(4 + 2 * lanes).fill(v128Type), ...new Array<number>(4).fill(i64Type)]

function hashFunction(): WasmFunction {
  const [tables, at, end] = [local(0), local(1), local(2)]
  return {
    name: 'hash',
    parameters: 3,
    locals: hashLocals,
    body: sequence(hashLoop(tables.get, at, end.get, 3), v128.store(i32.const(hashAt), 0, local(3).get)),
  }
}

/** What sealing and opening share: parameters, then these locals, then those of the hash. */
const [tablesParameter, lengthParameter, aadLengthParameter] = [local(0), local(1), local(2)]
const cursor = local(3)
const end = local(4)
const tag = local(5)
const hashFirst = 6
const textLocals = [i32Type, i32Type, v128Type, ...hashLocals]

/** Combines text and key stream, whole blocks: what lies behind the text's end is overwritten by the padding. */
const combine = (): Code =>
  sequence(
    cursor.set(i32.const(0)),
    repeatWhile(
      i32.ltU(cursor.get, lengthParameter.get),
      sequence(
        v128.store(
          cursor.get,
          dataAt,
          v128.xor(v128.load(cursor.get, dataAt), v128.load(cursor.get, keystreamAt + blockSize)),
        ),
        cursor.set(i32.add(cursor.get, i32.const(blockSize))),
      ),
    ),
  )

/** Pads the ciphertext, adds the block of lengths in bits, and leaves the tag of it all in `tag`. */
const computeTag = (): Code =>
  sequence(
    v128.store(lengthParameter.get, dataAt, v128.zero),
    end.set(i32.and(i32.add(lengthParameter.get, i32.const(dataAt + 15)), i32.const(-16))),
    v128.store(end.get, 0, v128.zero),
    i32.store8(end.get, 7, i32.shl(aadLengthParameter.get, i32.const(3))),
    i32.store8(end.get, 14, i32.shrU(lengthParameter.get, i32.const(5))),
    i32.store8(end.get, 15, i32.shl(lengthParameter.get, i32.const(3))),
    end.set(i32.add(end.get, i32.const(blockSize))),
    // From the additional data on, rounded up to whole groups by zero blocks before it.
    cursor.set(
      i32.sub(
        end.get,
        i32.and(
          i32.add(i32.sub(end.get, i32.const(aadAt)), i32.const(lanes * blockSize - 1)),
          i32.const(-lanes * blockSize),
        ),
      ),
    ),
    hashLoop(tablesParameter.get, cursor, end.get, hashFirst),
    tag.set(v128.xor(local(hashFirst).get, v128.load(i32.const(keystreamAt)))),
  )

function sealFunction(): WasmFunction {
  return {
    name: 'seal',
    parameters: 3,
    locals: textLocals,
    body: sequence(combine(), computeTag(), v128.store(lengthParameter.get, dataAt, tag.get)),
  }
}

function openFunction(): WasmFunction {
  const isRight = local(hashFirst + hashLocals.length + 1)
  const received = local(hashFirst + hashLocals.length)
  return {
    name: 'open',
    parameters: 3,
    result: i32Type,
    locals: [...textLocals, v128Type, i32Type],
    body: sequence(
      received.set(v128.load(lengthParameter.get, dataAt)),
      computeTag(),
      isRight.set(i32.isZero(v128.anyTrue(v128.xor(tag.get, received.get)))),
      combine(),
      isRight.get,
    ),
  }
}

/** Each half as a big-endian number. */
const bytesReversed = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]
