import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { decodeClientFrame, readAckText, readMessageText, SignalingError } from '../src/index.ts'

/** What the schemas say of a frame, in the words of the fast reader. */
function bySchema(text: string): object | undefined {
  const frame = decodeClientFrame(text)
  if (frame instanceof SignalingError || frame.type !== 'message') return undefined
  const { to, except, n, id, data } = frame
  return { to, except, n, id, data }
}

const SIGNS = ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '+', '.', 'e', 'E', ' ', '\t', 'u']

/** Whatever the fast reader takes, the schemas read in the same way. */
function agrees(text: string): void {
  const { dataText, ...envelope } = readMessageText(text) ?? {}
  if (dataText !== undefined)
    expect({ ...envelope, data: JSON.parse(dataText) as unknown }).toEqual(bySchema(text))
  const seq = readAckText(text)
  if (seq !== undefined) expect(decodeClientFrame(text)).toEqual({ type: 'ack', seq })
}

const name = fc.oneof(
  fc.constantFrom('a', 'B b', 'ü', '"', '\\', '\u200b', ''),
  fc.string({ maxLength: 3, unit: 'binary' }),
)
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, -0, 2 ** 53))
const message = fc
  .record(
    { data: fc.jsonValue({ maxDepth: 4 }), to: name, except: name, n: number, id: number },
    { requiredKeys: ['data'] },
  )
  .map((fields) => JSON.stringify({ type: 'message', ...fields }))

describe('the fast reader and the schemas agree', () => {
  test('on messages as our client writes them, which it takes', () => {
    const sound = fc.record(
      {
        data: fc.jsonValue({ maxDepth: 6 }),
        n: fc.integer({ min: 1 }),
        to: fc.constantFrom('bob', 'Bob Ünal'),
        id: fc.nat(),
      },
      { requiredKeys: ['data'] },
    )
    fc.assert(
      fc.property(sound, (fields) => {
        const text = JSON.stringify({ type: 'message', ...fields })
        const read = readMessageText(text)
        expect(read?.dataText).toBe(JSON.stringify(fields.data))
        agrees(text)
      }),
      { numRuns: 500 },
    )
  })

  test('on messages of any kind', () => {
    fc.assert(fc.property(message, agrees), { numRuns: 2_000 })
  })

  test('on messages with a few characters changed', () => {
    fc.assert(
      fc.property(
        message,
        fc.nat(),
        fc.oneof(fc.constantFrom(...SIGNS), fc.string({ maxLength: 2 })),
        fc.nat(2),
        (frame, at, insert, remove) => {
          const where = at % frame.length
          agrees(frame.slice(0, where) + insert + frame.slice(where + remove))
        },
      ),
      { numRuns: 5_000 },
    )
  })

  const numbers = [
    '0',
    '-0',
    '01',
    '1.',
    '.5',
    '1.50',
    '1e5',
    '1E+05',
    '1e',
    '--1',
    '+1',
    '1e1.5',
    '-',
    '0x1',
  ]
  const texts = ['"\\u12fZ"', '"\\u12f"', '"\\x"', '"\u0001"', '"\t"', '"\\"', '"', '"a\\"b"', '"\\uD800"']
  const others = [
    '',
    'nul',
    'null',
    'truefalse',
    '[1,]',
    '[,]',
    '[1 ]',
    '{"a":}',
    '{"a"}',
    '{a:1}',
    '{"a":1,}',
  ]
  test.each([...numbers, ...texts, ...others, '[]', '{}', '[[],{}]', '{"a":{"a":[]}}'])(
    'on data %j',
    (data) => {
      agrees(`{"type":"message","data":${data}}`)
      agrees(`{"type":"message","data":[${data},${data}],"n":1}`)
    },
  )

  test.each([
    '"n":1,"n":2',
    '"n":0',
    '"n":01',
    '"n":1e3',
    '"id":0',
    '"id":00',
    '"n":9007199254740993',
    '"to":""',
  ])('on %s', (field) => agrees(`{"type":"message","data":1,${field}}`))

  test.each(['0', '1', '01', '999999999999999', '9007199254740991', '-1', '1.0', ''])('on ack %s', (seq) => {
    agrees(`{"type":"ack","seq":${seq}}`)
    agrees(`{"type":"ack","seq":${seq}} `)
  })

  test('on depth: as deep as a frame may be, and one deeper', () => {
    const nested = (depth: number): string =>
      `{"type":"message","data":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(readMessageText(nested(63))).toBeDefined()
    expect(readMessageText(nested(64))).toBeUndefined()
    expect(readMessageText(nested(100_000))).toBeUndefined()
  })
})
