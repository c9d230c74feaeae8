import { createContext, runInContext } from 'node:vm'

import { expect, test } from '@jest/globals'

import { asError } from '../src/index.ts'

test.each([
  ['an error', new TypeError('of a type')],
  ['one of another realm', runInContext('new RangeError("elsewhere")', createContext()) as unknown],
  ['a DOMException', new DOMException('no more', 'AbortError')],
])('%s stays what it is', (_name, thrown) => {
  expect(asError(thrown)).toBe(thrown)
})

test.each([
  ['a text', 'gone', 'gone'],
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['an object without a message', { name: 'odd' }, '[object Object]'],
  ['an object whose message is no text', { name: 'odd', message: 7 }, '[object Object]'],
])('%s becomes the message of one, and its cause', (_name, thrown, message) => {
  const error = asError(thrown)
  expect(error).toBeInstanceOf(Error)
  expect([error.message, error.cause]).toEqual([message, thrown])
})
