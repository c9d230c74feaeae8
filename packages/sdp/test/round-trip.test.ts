import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { parseSession, SdpError, writeSession } from '../src/index.ts'
import { vectors } from './vectors.ts'

describe('descriptions of a browser', () => {
  test('all eighty are here', () => expect(vectors).toHaveLength(80))

  test.each(vectors)('$name is written as it was read', ({ text }) => {
    expect(writeSession(parseSession(text))).toBe(text)
  })

  test.each(vectors)('$name has the sections it shows', ({ text }) => {
    const description = parseSession(text)
    expect(description.media.map((media) => media.kind)).toEqual(
      [...text.matchAll(/^m=(\w+)/gm)].map((match) => match[1]),
    )
    expect(description.bundle).toEqual(description.media.map((media) => media.mid))
    for (const media of description.media) {
      expect(media.iceUfrag).toMatch(/^.{4}$/)
      expect(media.fingerprints[0]?.value).toHaveLength(32)
    }
  })
})

test('a bare LF ends a line as well; CRLF is written', () => {
  const { text } = vectors[0]!
  expect(writeSession(parseSession(text.replaceAll('\r\n', '\n')))).toBe(text)
  expect(writeSession(parseSession(text.trimEnd()))).toBe(text)
})

test('unknown lines and attributes stay where they were', () => {
  const text =
    'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nq=what\r\nt=0 0\r\na=x-new:1: 2 \r\na=x-flag\r\n' +
    'm=text 9 X/Y 1\r\ny=\r\na=x-new\r\na=x-new:\r\n'
  expect(writeSession(parseSession(text))).toBe(text)
})

describe('mutations', () => {
  /** Refused with a line, or read and written without loss: there is no third outcome. */
  const survives = (text: string): boolean => {
    try {
      const written = writeSession(parseSession(text))
      expect(lines(written)).toEqual(lines(text))
      expect(writeSession(parseSession(written))).toBe(written)
    } catch (error) {
      if (!(error instanceof SdpError)) throw error
      expect(error.line === null ? error.code : '').toMatch(/^(too-large)?$/)
    }
    return true
  }
  const lines = (text: string): string[] => text.replace(/\r?\n$/, '').split(/\r?\n/)

  const base = fc.constantFrom(...vectors.map(({ text }) => text.split('\r\n').slice(0, 40)))
  const nat = fc.nat({ max: 1_000 })
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('drop' as const), at: nat }),
    fc.record({ kind: fc.constant('double' as const), at: nat }),
    fc.record({ kind: fc.constant('swap' as const), at: nat, with: nat }),
    fc.record({ kind: fc.constant('cut' as const), at: nat, length: nat }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: nat,
      text: fc.string({ unit: 'binary', maxLength: 12 }),
      in: nat,
    }),
    fc.record({ kind: fc.constant('line' as const), at: nat, text: fc.string({ maxLength: 40 }) }),
  )

  test('of a real description are refused or survive', () => {
    fc.assert(
      fc.property(base, fc.array(mutation, { minLength: 1, maxLength: 4 }), (original, mutations) => {
        const text = [...original]
        for (const change of mutations) {
          const at = change.at % text.length
          const line = text[at] ?? ''
          if (change.kind === 'drop') text.splice(at, 1)
          else if (change.kind === 'double') text.splice(at, 0, line)
          else if (change.kind === 'line') text.splice(at, 0, change.text)
          else if (change.kind === 'cut') text[at] = line.slice(0, change.length % (line.length + 1))
          else if (change.kind === 'insert') {
            const column = change.in % (line.length + 1)
            text[at] = line.slice(0, column) + change.text + line.slice(column)
          } else {
            text[at] = text[change.with % text.length] ?? ''
            text[change.with % text.length] = line
          }
          if (text.length === 0) text.push('')
        }
        return survives(text.join('\r\n'))
      }),
      { numRuns: 2_000 },
    )
  })

  test('of nothing but noise are refused or survive', () => {
    const line = fc.tuple(
      fc.constantFrom(...'vosiuepcbtrzkamxyq'.split('')),
      fc.string({ unit: 'binary', maxLength: 30 }),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 1_000 })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (noise) =>
        survives(
          `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n${noise.map(([type, value]) => `${type}=${value}\r\n`).join('')}`,
        ),
      ),
      { numRuns: 1_000 },
    )
  })
})
