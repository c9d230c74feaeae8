import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { DecodeError, fromHex, Reader, toHex, Writer } from '../src/index.ts'

const fault = (action: () => unknown): unknown => {
  try {
    action()
  } catch (error) {
    return error instanceof DecodeError ? error.code : error
  }
  return 'no error'
}

type Field =
  | { readonly kind: 'u8' | 'u16' | 'u24' | 'u32' | 'u48'; readonly value: number }
  | { readonly kind: 'u64'; readonly value: bigint }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }

const unsigned = (bits: number): fc.Arbitrary<number> => fc.maxSafeNat().map((value) => value % 2 ** bits)

const field: fc.Arbitrary<Field> = fc.oneof(
  ...(
    [
      ['u8', 8],
      ['u16', 16],
      ['u24', 24],
      ['u32', 32],
      ['u48', 48],
    ] as const
  ).map(([kind, bits]) => unsigned(bits).map((value): Field => ({ kind, value }))),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): Field => ({ kind: 'u64', value })),
  fc.uint8Array({ maxLength: 40 }).map((value): Field => ({ kind: 'bytes', value })),
)

const write = (writer: Writer, field: Field): void => {
  if (field.kind === 'u64') writer.u64(field.value)
  else if (field.kind === 'bytes') writer.bytes(field.value)
  else writer[field.kind](field.value)
}

const read = (reader: Reader, field: Field): Field['value'] =>
  field.kind === 'bytes' ? reader.bytes(field.value.length) : reader[field.kind]()

const sizeOf = (field: Field): number =>
  field.kind === 'bytes' ? field.value.length : Number(field.kind.slice(1)) / 8

/** The textbook twin: big-endian digits by division. */
const textbook = (field: Field): string =>
  field.kind === 'bytes' ? toHex(field.value) : field.value.toString(16).padStart(2 * sizeOf(field), '0')

describe('what is written can be read', () => {
  test('for any fields, any capacity, and bytes as the textbook has them', () => {
    fc.assert(
      fc.property(fc.array(field), fc.nat({ max: 300 }), (fields, capacity) => {
        const writer = new Writer(capacity)
        for (const one of fields) write(writer, one)
        expect(toHex(writer.view())).toBe(fields.map(textbook).join(''))
        expect(writer.finish()).toEqual(writer.view())
        expect(writer.length).toBe(writer.view().length)
        const reader = new Reader(writer.view())
        for (const one of fields) expect(read(reader, one)).toEqual(one.value)
        reader.done()
      }),
    )
  })

  test('inside a window, which is never left', () => {
    fc.assert(
      fc.property(fc.array(field), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (fields, before, after) => {
        const writer = new Writer()
        writer.zeros(before)
        for (const one of fields) write(writer, one)
        const end = writer.length
        writer.zeros(after)
        const reader = new Reader(writer.view(), before, end)
        for (const one of fields) {
          expect(read(reader, one)).toEqual(one.value)
          expect(reader.remaining).toBe(end - reader.position)
        }
        expect(reader.isEmpty).toBe(true)
        expect(fault(() => reader.u8())).toBe('truncated')
      }),
    )
  })
})

describe('Reader', () => {
  test.each(['u8', 'u16', 'u24', 'u32', 'u48', 'u64'] as const)('%s does not read past the end', (kind) => {
    const size = Number(kind.slice(1)) / 8
    for (let length = 0; length < size; length++)
      expect(fault(() => new Reader(new Uint8Array(16), 0, length)[kind]())).toBe('truncated')
    new Reader(new Uint8Array(16), 0, size)[kind]()
  })

  test('a failed read of one field leaves the position', () => {
    const reader = new Reader(Uint8Array.of(1, 2, 3))
    expect(fault(() => reader.u32())).toBe('truncated')
    expect(reader.position).toBe(0)
    expect(reader.u24()).toBe(0x010203)
  })

  test('bytes, sub and skip are bound to the window, and lengths cannot be negative', () => {
    for (const action of ['bytes', 'sub', 'skip'] as const) {
      expect(fault(() => new Reader(new Uint8Array(8), 2, 5)[action](4))).toBe('truncated')
      expect(fault(() => new Reader(new Uint8Array(8), 2, 5)[action](-1))).toBe('truncated')
      new Reader(new Uint8Array(8), 2, 5)[action](3)
      new Reader(new Uint8Array(8), 8, 8)[action](0)
    }
  })

  test('a window outside of the buffer is truncated', () => {
    const buffer = new Uint8Array(4)
    for (const [start, end] of [
      [-1, 2],
      [0, 5],
      [3, 2],
      [5, 5],
    ] as const)
      expect(fault(() => new Reader(buffer, start, end))).toBe('truncated')
    expect(new Reader(buffer, 4, 4).isEmpty).toBe(true)
  })

  test('sub() reads its part while the parent goes on behind it', () => {
    const reader = new Reader(fromHex('0003 aabbcc dd'))
    const child = reader.sub(reader.u16())
    expect(reader.u8()).toBe(0xdd)
    expect(child.u16()).toBe(0xaabb)
    expect(fault(() => child.u16())).toBe('truncated')
    expect(fault(() => child.done())).toBe('trailing-data')
    expect(toHex(child.rest())).toBe('cc')
    child.done()
    reader.done()
  })

  test('bytes() and rest() are views', () => {
    const buffer = Uint8Array.of(1, 2, 3)
    const reader = new Reader(buffer, 1)
    const view = reader.bytes(1)
    const rest = reader.rest()
    buffer.fill(9)
    expect([...view, ...rest]).toEqual([9, 9])
  })

  test('random reads of random bytes end in a value or a DecodeError', () => {
    const step = fc.tuple(
      fc.constantFrom('u8', 'u16', 'u24', 'u32', 'u48', 'u64', 'bytes', 'sub', 'skip', 'rest', 'done'),
      fc.integer({ min: -2, max: 20 }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32 }), fc.array(step), (bytes, steps) => {
        const reader = new Reader(bytes)
        for (const [method, argument] of steps) {
          const call = (): unknown =>
            (reader as unknown as Record<string, (n: number) => unknown>)[method]?.(argument)
          expect(['no error', 'truncated', 'trailing-data']).toContain(fault(call))
          expect(reader.remaining).toBe(bytes.length - reader.position)
          expect(reader.remaining).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
})

describe('Writer', () => {
  test('patches length fields when they close, nested ones too', () => {
    const writer = new Writer(1)
    const outer = writer.open24()
    const middle = writer.open16()
    const inner = writer.open8()
    writer.u32(0x2112a442)
    writer.close8(inner)
    writer.close16(middle)
    writer.u8(0xff)
    writer.close24(outer)
    expect(toHex(writer.view(), ' ')).toBe('00 00 08 00 05 04 21 12 a4 42 ff')
  })

  test('length fields carry what they can and no more', () => {
    const lengthOf = (
      open: 'open8' | 'open16' | 'open24',
      close: 'close8' | 'close16' | 'close24',
      size: number,
    ) => {
      const writer = new Writer()
      const mark = writer[open]()
      writer.zeros(size)
      writer[close](mark)
      return toHex(writer.view().subarray(0, mark))
    }
    expect(lengthOf('open8', 'close8', 0xff)).toBe('ff')
    expect(lengthOf('open16', 'close16', 0xffff)).toBe('ffff')
    expect(lengthOf('open24', 'close24', 0xff_fffe)).toBe('fffffe')
    expect(() => lengthOf('open8', 'close8', 0x100)).toThrow(RangeError)
    expect(() => lengthOf('open16', 'close16', 0x1_0000)).toThrow(RangeError)
    expect(() => lengthOf('open24', 'close24', 0x100_0000)).toThrow(RangeError)
  })

  test('patches what was written', () => {
    const writer = new Writer()
    writer.u64(0n)
    writer.patch16(1, 0xabcd)
    writer.patch32(4, 0xdeadbeef)
    expect(toHex(writer.view())).toBe('00abcd00deadbeef')
  })

  test('starts over in the same buffer, and zeros() clears what was there', () => {
    const writer = new Writer(8)
    writer.u64(0xffff_ffff_ffff_ffffn)
    const first = writer.view()
    writer.reset()
    expect(writer.length).toBe(0)
    writer.zeros(3)
    expect(toHex(writer.view())).toBe('000000')
    expect(writer.view().buffer).toBe(first.buffer)
  })

  test('truncate() forgets the end, and nothing where there is none', () => {
    const writer = new Writer(2)
    writer.u32(0x0102_0304)
    for (const length of [9, 4]) {
      writer.truncate(length)
      expect([toHex(writer.view()), writer.length]).toEqual(['01020304', 4])
    }
    writer.truncate(1)
    writer.u8(9)
    expect(toHex(writer.view())).toBe('0109')
  })

  test('reserve() gives room to fill, finish() a copy', () => {
    const writer = new Writer()
    writer.reserve(4).set([1, 2, 3, 4])
    const copy = writer.finish()
    writer.patch16(0, 0)
    expect([...copy]).toEqual([1, 2, 3, 4])
    expect([...writer.view()]).toEqual([0, 0, 3, 4])
  })
})
