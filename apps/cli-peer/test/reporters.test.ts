import { Writable } from 'node:stream'

import { describe, expect, test } from '@jest/globals'

import type { Report } from '../src/report.ts'
import { HumanReporter } from '../src/reporters/human.ts'
import { jsonReporter } from '../src/reporters/json.ts'
import { sentence } from '../src/reporters/sentence.ts'

const file: Report = {
  step: 'Communicating',
  event: 'file',
  direction: 'received',
  name: 'a.bin',
  bytes: 64 * 1024 * 1024,
  seconds: 2,
  sha256: 'ab'.repeat(32),
}

describe('a sentence', () => {
  test('tells size, time, rate and hash of a file', () =>
    expect(sentence(file)).toBe(
      'received a.bin: 64.0 MiB in 2.00 s, 33.6 MB/s, SHA-256 abababababababab… verified',
    ))

  test('shows no control characters of a peer', () =>
    expect(
      sentence({ step: 'Communicating', event: 'text', direction: 'received', text: '\u001b[2Jhi\u0007' }),
    ).toBe('received “�[2Jhi�”'))
})

test('the JSON reporter writes a report a line', () => {
  const out = new Collector()
  jsonReporter(out).report(file)
  expect(JSON.parse(out.text)).toEqual(file)
  expect(out.text.endsWith('\n')).toBe(true)
})

test('without a terminal, progress is a line at every quarter', () => {
  const out = new Collector()
  const reporter = new HumanReporter(out as unknown as NodeJS.WriteStream)
  for (let bytes = 0; bytes <= 1000; bytes += 50)
    reporter.report({
      step: 'Communicating',
      event: 'progress',
      direction: 'sent',
      name: 'a',
      bytes,
      total: 1000,
    })
  reporter.close()
  expect(out.text.match(/\(\d+ %\)/g)).toEqual(['(25 %)', '(50 %)', '(75 %)', '(100 %)'])
})

class Collector extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}
