import { describe, expect, test } from '@jest/globals'

import * as stun from '../src/index.ts'
import { SecurityFeature } from '../src/nonce-cookie.ts'
import { iana } from './vectors/iana.ts'

describe('IANA registries', () => {
  test.each(iana('attributes'))('attribute $name', ({ value, name }) => {
    expect(stun.AttributeType[camelCase(name) as keyof typeof stun.AttributeType]).toBe(value)
    expect(stun.isComprehensionRequired(value)).toBe(value <= 0x7fff)
  })

  test.each(iana('methods'))('method $name', ({ value, name }) => {
    expect(stun.Method[camelCase(name) as keyof typeof stun.Method]).toBe(value)
  })

  test.each(iana('error-codes'))('error $value $name', ({ value, name }) => {
    expect(stun.StatusCode[camelCase(name.toLowerCase()) as keyof typeof stun.StatusCode]).toBe(value)
    expect(stun.reasonOf(value)).toBe(name)
  })

  test.each(iana('password-algorithms'))('password algorithm $name', ({ value, name }) => {
    const key = name.toLowerCase().replace('-', '') as stun.PasswordHash
    expect(stun.PasswordAlgorithmNumber[key]).toBe(value)
  })

  test.each(iana('security-features'))('security feature $name is bit $value', ({ value, name }) => {
    expect(SecurityFeature[camelCase(name.toLowerCase()) as keyof typeof SecurityFeature]).toBe(1 << value)
  })

  test.each([
    ['attributes', stun.AttributeType],
    ['methods', stun.Method],
    ['error-codes', stun.StatusCode],
    ['password-algorithms', stun.PasswordAlgorithmNumber],
    ['security-features', SecurityFeature],
  ] as const)('no constant goes beyond the registry of %s', (registry, constants) => {
    expect(Object.values(constants)).toHaveLength(iana(registry).length)
  })

  test('each attribute that an RFC gives a format has a codec of its name and number', () => {
    const codecs = Object.values<unknown>(stun).filter(isCodec)
    const defined = iana('attributes').filter(
      // RFC 5780 §9.1 registers CACHE-TIMEOUT and nowhere says what is in it.
      ({ name, reference }) => reference !== '' && name !== 'CACHE-TIMEOUT',
    )
    // Renomination of browsers has a number of its own making, which IANA gave to somebody else. DTLS within checks is
    // described by a draft.
    const unregistered = [stun.Nomination, stun.MetaDtlsInStun, stun.MetaDtlsInStunAcknowledgement].map(
      ({ type, name }) => [type, name],
    )
    expect(codecs.map(({ type, name }) => [type, name]).sort()).toEqual(
      [...defined.map(({ value, name }) => [value, name]), ...unregistered].sort(),
    )
  })

  test('a code that nobody registered has no phrase of its own', () => {
    expect(stun.reasonOf(499)).toBe('Error')
  })
})

function isCodec(value: unknown): value is stun.AttributeCodec<unknown> {
  return typeof value === 'object' && value !== null && 'encode' in value && 'decode' in value
}

/** XOR-MAPPED-ADDRESS: xorMappedAddress; CreatePermission: createPermission; "try alternate": tryAlternate. */
function camelCase(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
  return words.replace(/[-_ ](.)/g, (_separator, letter: string) => letter.toUpperCase())
}
