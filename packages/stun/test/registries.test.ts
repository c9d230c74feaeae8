import { describe, expect, test } from '@jest/globals'

import * as stun from '../src/index.ts'
import { attributes, errorCodes, methods } from './vectors/iana.ts'

describe('IANA registries', () => {
  test.each(attributes)('attribute %s %s', (type, name) => {
    const key = camelCase(name) as keyof typeof stun.AttributeType
    expect(stun.AttributeType[key]).toBe(type)
    expect(stun.isComprehensionRequired(type)).toBe(type <= 0x7fff)
  })

  test('no attribute has a number that the registry does not give it', () => {
    expect(Object.values(stun.AttributeType).sort()).toEqual(attributes.map(([type]) => type).sort())
  })

  test.each(methods)('method %s %s', (number, name) => {
    expect(stun.Method[name]).toBe(number)
  })

  test.each(errorCodes)('error %s %s', (code, reason) => {
    expect(Object.values(stun.StatusCode)).toContain(code)
    expect(stun.reasonOf(code)).toBe(reason)
  })

  test('each attribute has a codec of its name and number', () => {
    const codecs = Object.values<unknown>(stun).filter(isCodec)
    expect(codecs.map(({ type, name }) => [type, name]).sort()).toEqual(
      [...attributes].map(([...row]) => row).sort(),
    )
  })
})

function isCodec(value: unknown): value is stun.AttributeCodec<unknown> {
  return typeof value === 'object' && value !== null && 'encode' in value && 'decode' in value
}

/** XOR-MAPPED-ADDRESS: xorMappedAddress. */
function camelCase(name: string): string {
  return name.toLowerCase().replace(/-(.)/g, (_hyphen, letter: string) => letter.toUpperCase())
}
