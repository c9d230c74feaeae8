import { concatBytes, fromHex, Reader } from '@purertc/bytes'
import { expect, test } from '@jest/globals'

import { DerTag, readDer } from '../src/der.ts'

const element = (header: string, length: number): Reader =>
  new Reader(concatBytes(fromHex(header), new Uint8Array(length)))

test.each([
  ['0400', 0],
  ['047f', 0x7f],
  ['048180', 0x80],
  ['0481ff', 0xff],
  ['04820100', 0x100],
  ['0482ffff', 0xffff],
  ['0483010000', 0x1_0000],
])('a length in the fewest bytes is read: %s', (header, length) => {
  expect(readDer(element(header, length), DerTag.octetString).remaining).toBe(length)
})

test.each([
  ['048100', 0],
  ['04817f', 0x7f],
  ['04820000', 0],
  ['04820080', 0x80],
  ['048200ff', 0xff],
  ['0483000000', 0],
  ['0483000100', 0x100],
  ['048300ffff', 0xffff],
  ['048400010000', 0x1_0000],
  ['0480', 0],
  ['04ff', 0],
])('one that is longer than it must be, or none, is not: %s', (header, length) => {
  expect(() => readDer(element(header, length), DerTag.octetString)).toThrow(
    expect.objectContaining({ name: 'DecodeError', code: 'invalid' }),
  )
})
