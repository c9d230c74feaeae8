import { readFileSync } from 'node:fs'

import { describe, expect, test } from '@jest/globals'
import type * as v from 'valibot'

import { clientFrame } from '../src/client-frame.ts'
import { CloseCode, ErrorCode, frameLimits, subprotocol } from '../src/index.ts'
import { serverFrame } from '../src/server-frame.ts'

const page = readFileSync(new URL('../../../docs/signaling-protocol.md', import.meta.url), 'utf8')

/** The first two columns of a section's tables. */
function rowsOf(section: string): ReadonlyMap<string, string> {
  const text = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = [...text.matchAll(/^\| (?:`([^`]+)`|(\d+)) +\| (.*?) +\|/gm)]
  return new Map(rows.map(([, name, number, rest]) => [name ?? number ?? '', rest ?? '']))
}

interface Schema {
  readonly options: readonly { readonly entries: Record<string, v.GenericSchema> }[]
}

const fieldsOf = (schema: unknown): readonly (readonly [string, readonly string[]])[] =>
  (schema as Schema).options.map(({ entries }) => {
    const { type, ...fields } = entries
    const names = Object.entries(fields).map(([name, field]) => (isOptional(field) ? `${name}?` : name))
    return [(type as unknown as { literal: string }).literal, names] as const
  })

const isOptional = (field: v.GenericSchema): boolean => field.type === 'optional'

describe('the specification in docs has', () => {
  test.each([
    ['Client to server', clientFrame],
    ['Server to client', serverFrame],
  ])('%s: every frame, with every field, and no other', (section, schema) => {
    const rows = rowsOf(section)
    const frames = fieldsOf(schema)
    expect([...rows.keys()]).toEqual(frames.map(([type]) => type))
    for (const [type, fields] of frames) {
      // What follows a field's own form in braces belongs to the form.
      const row = (rows.get(type) ?? '').replaceAll(/ `[[{][^`]*`/g, '')
      for (const field of fields) expect([type, row]).toEqual([type, expect.stringContaining(`\`${field}\``)])
    }
  })

  test('every error code', () => {
    expect([...rowsOf('Error codes').keys()]).toEqual(Object.values(ErrorCode))
  })

  test('every close code', () => {
    const codes = Object.values(CloseCode).map(String)
    expect([...rowsOf('Close codes').keys()].toSorted()).toEqual(codes.toSorted())
  })

  test('the limits, and the name', () => {
    expect(page).toContain(`\`${subprotocol}\``)
    for (const limit of Object.values(frameLimits)) expect(page).toContain(limit.toLocaleString('en'))
  })
})
