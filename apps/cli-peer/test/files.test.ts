import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { createSink, openSource, safeName, sha256 } from '../src/files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'purertc-files-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the name of a received file', () => {
  test.each([
    ['photo.jpg', 'photo.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['/etc/passwd', 'passwd'],
    ['C:\\Windows\\win.ini', 'win.ini'],
    ['..', 'file'],
    ['.', 'file'],
    ['', 'file'],
    ['a/', 'file'],
    ['..\\..', 'file'],
    ['nul\u0000l\u001b[31m', 'nul_l_[31m'],
    ['a:b', 'a_b'],
    ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
    ['x'.repeat(300), 'x'.repeat(240)],
    [`${'部'.repeat(100)}.tar.gz`, `${'部'.repeat(79)}.gz`],
    ['.bashrc', '.bashrc'],
  ])('%j becomes %j', (name, expected) => expect(safeName(name)).toBe(expected))

  test('is one that the file system takes, even with a number', () => {
    const sinks = [1, 2].map(() => createSink(folder, '部'.repeat(300)))
    for (const sink of sinks) sink.close()
    expect(readdirSync(folder)).toHaveLength(2)
  })

  test('never overwrites what is there', () => {
    writeFileSync(join(folder, 'a.txt'), 'mine')
    const names = [1, 2, 3].map(() => {
      const sink = createSink(folder, 'a.txt')
      sink.close()
      return basename(sink.path)
    })
    expect(names).toEqual(['a (1).txt', 'a (2).txt', 'a (3).txt'])
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('mine')
  })
})

test('a sink that is discarded leaves nothing behind', () => {
  const sink = createSink(folder, 'partial.bin')
  sink.write(Uint8Array.of(1, 2, 3))
  sink.discard()
  expect(readdirSync(folder)).toEqual([])
})

test('a source reads any part of a file', async () => {
  const path = join(folder, 'source.bin')
  writeFileSync(path, 'abcdefgh')
  const source = await openSource(path)
  expect(source).toMatchObject({ name: 'source.bin', size: 8 })
  expect(Buffer.from(await source.read(6, 10)).toString()).toBe('gh')
  await source.close()
})

test('the hash is SHA-256 in hexadecimal', async () => {
  const hash = sha256()
  hash.update(Buffer.from('a'))
  hash.update(Buffer.from('bc'))
  expect(await hash.hex()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
