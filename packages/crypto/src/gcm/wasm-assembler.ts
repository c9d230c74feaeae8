/**
 * As much of a WebAssembly assembler as the GCM program needs (WebAssembly 2.0, with the vector instructions). An
 * expression is the bytes of its instructions, operands first, so that programs are built by nesting function calls.
 * The nest is made flat once: to copy operands at each level would take longer than all else.
 */
export type Code = readonly (number | Code)[]

/** One exported function: `locals` are the types of its local variables after `parameters` i32 parameters. */
export interface WasmFunction {
  readonly name: string
  readonly parameters: number
  readonly result?: typeof i32Type
  readonly locals: readonly number[]
  readonly body: Code
}

export const i32Type = 0x7f
export const i64Type = 0x7e
export const v128Type = 0x7b

/** A module with one exported memory, `memory`, of this many pages of 64 KiB. */
export function assembleModule(pages: number, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    vector(new Array<Code>(parameters).fill([i32Type])),
    vector(result === undefined ? [] : [[result]]),
  ])
  const exports = functions.map(({ name }, index) => [text(name), 0x00, unsigned(index)])
  const module = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(types)),
    section(3, vector(functions.map((_, index) => unsigned(index)))),
    section(5, vector([[0x00, unsigned(pages)]])),
    section(7, vector([[text('memory'), 0x02, 0x00], ...exports])),
    section(10, vector(functions.map(functionBody))),
  ]
  return Uint8Array.from(flatten(module))
}

/** A local variable: parameters come first. */
export interface Local {
  readonly get: Code
  readonly set: (value: Code) => Code
}

export const local = (index: number): Local => ({
  get: [0x20, unsigned(index)],
  set: (value) => [value, 0x21, unsigned(index)],
})

export const sequence = (...parts: readonly Code[]): Code => parts

/** Runs `body`, and again as long as `condition` (i32) is not zero. */
export const repeatWhile = (condition: Code, body: Code): Code => [
  [0x03, 0x40],
  body,
  condition,
  [0x0d, 0x00, 0x0b],
]

type Binary = (a: Code, b: Code) => Code

export const i32: Readonly<Record<'add' | 'sub' | 'and' | 'shl' | 'shrU' | 'ltU', Binary>> & {
  const(value: number): Code
  isZero(value: Code): Code
  store8(address: Code, offset: number, value: Code): Code
} = {
  const: (value: number): Code => [0x41, signed(value)],
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  shl: binary(0x74),
  shrU: binary(0x76),
  ltU: binary(0x49),
  isZero: (value: Code): Code => [value, 0x45],
  store8: (address: Code, offset: number, value: Code): Code => [
    address,
    value,
    [0x3a, 0x00],
    unsigned(offset),
  ],
}

export const i64: Readonly<Record<'xor' | 'or' | 'shl' | 'shrU', Binary>> & { const(value: number): Code } = {
  const: (value: number): Code => [0x42, signed(value)],
  xor: binary(0x85),
  or: binary(0x84),
  shl: binary(0x86),
  shrU: binary(0x88),
}

export const v128: Readonly<Record<'and' | 'xor', Binary>> & {
  load(address: Code, offset?: number): Code
  store(address: Code, offset: number, value: Code): Code
  readonly zero: Code
  anyTrue(value: Code): Code
} = {
  load: (address: Code, offset = 0): Code => [address, simd(0), 0x00, unsigned(offset)],
  store: (address: Code, offset: number, value: Code): Code => [
    address,
    value,
    simd(11),
    0x00,
    unsigned(offset),
  ],
  zero: [0xfd, 12, ...new Array<number>(16).fill(0)],
  and: vectorBinary(78),
  xor: vectorBinary(81),
  /** 1 where any bit is set, else 0. */
  anyTrue: (value: Code): Code => [value, simd(83)],
}

export const i8x16: {
  splat(value: number): Code
  shrU(value: Code, bits: number): Code
  shuffle(a: Code, b: Code, lanes: readonly number[]): Code
  readonly swizzle: Binary
} = {
  splat: (value: number): Code => [i32.const(value), simd(15)],
  shrU: (value: Code, bits: number): Code => [value, i32.const(bits), simd(109)],
  /** Lane `k` of the result is lane `lanes[k]` of `a` and `b` in a row. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [a, b, simd(13), lanes],
  /** Lane `k` of the result is lane `indices[k]` of `table`: a look-up of sixteen secrets that touches no memory. */
  swizzle: vectorBinary(14),
}

export const i64x2 = {
  extract: (value: Code, lane: number): Code => [value, simd(29), lane],
  make: (first: Code, second: Code): Code => [first, simd(18), second, simd(30), 1],
}

function binary(opcode: number): Binary {
  return (a, b) => [a, b, opcode]
}

function vectorBinary(opcode: number): Binary {
  return (a, b) => [a, b, simd(opcode)]
}

function simd(opcode: number): Code {
  return [0xfd, unsigned(opcode)]
}

function functionBody({ locals, body }: WasmFunction): Code {
  const code = flatten([vector(locals.map((type) => [1, type])), body, 0x0b])
  return [unsigned(code.length), code]
}

function section(id: number, content: Code): Code {
  const bytes = flatten(content)
  return [id, unsigned(bytes.length), bytes]
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function flatten(code: Code, into: number[] = []): number[] {
  for (const part of code)
    if (typeof part === 'number') into.push(part)
    else flatten(part, into)
  return into
}

function text(value: string): Code {
  return vector(Array.from(value, (character) => [character.charCodeAt(0)]))
}

/** LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
}
