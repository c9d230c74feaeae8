import { describe, expect, test } from '@jest/globals'

import { createDataOffer, parseSession, SdpError, type SdpFault, writeSession } from '../src/index.ts'
import { vector } from './vectors.ts'

const own = {
  mode: 'datachannel',
  sessionId: '42',
  iceUfrag: 'ufrg',
  icePwd: 'passwordpasswordpasswo',
  fingerprints: [{ algorithm: 'sha-256', value: Uint8Array.of(0xab, 0x0c) }],
} as const

/** Why it is refused; and nothing has changed by it. */
function refusal(edit: (description: ReturnType<typeof parseSession>) => unknown): SdpFault | 'none' {
  const description = parseSession(vector('data-offer'))
  let code: SdpFault | 'none' = 'none'
  try {
    edit(description)
  } catch (error) {
    if (!(error instanceof SdpError)) throw error
    code = error.code
  }
  expect(writeSession(description) === vector('data-offer')).toBe(code !== 'none')
  return code
}

describe('an edit that could not be read back is refused, and changes nothing', () => {
  test.each(['v', 'o', 's', 't'])('%s= in a media section', (type) => {
    expect(refusal(({ media: [data] }) => data?.setLine(type, '0'))).toBe('structure')
  })

  test('m= at the session level', () => {
    expect(refusal((description) => description.setLine('m', 'audio 9 RTP/AVP 0'))).toBe('structure')
  })

  test.each(['', ':', 'mid:0', ':x'])('an attribute of the name %j', (name) => {
    expect(refusal(({ media: [data] }) => data?.addAttribute(name, '1'))).toBe('syntax')
    expect(refusal((description) => description.setAttribute(name))).toBe('syntax')
  })

  test('a list of which one value is bad', () => {
    const good = 'candidate:1 1 udp 1 192.0.2.1 9 typ host'
    expect(
      refusal(({ media }) => {
        media[0]!.candidates = [good, `${good}\r\na=setup:active`]
      }),
    ).toBe('syntax')
    expect(
      refusal(({ media }) => {
        media[0]!.fingerprints = [...own.fingerprints, { algorithm: 'sha 256', value: Uint8Array.of(1) }]
      }),
    ).toBe('invalid-attribute')
  })

  test.each([-1, 0.5, NaN, Infinity, 1e10, 1e21])('a pacing of %d', (pacing) => {
    expect(refusal((description) => (description.icePacing = pacing))).toBe('invalid-attribute')
  })
})

describe('what a description says of itself', () => {
  test('lines of a type that RFC 8866 does not know go to the end of their section', () => {
    const description = parseSession(vector('data-offer'))
    description.setLine('q', 'session')
    description.media[0]!.setLine('q', 'media')
    expect(description.lines.at(-1)).toEqual({ type: 'q', value: 'session' })
    const [data] = parseSession(writeSession(description)).media
    expect([data?.kind, data?.lines.at(-1)]).toEqual(['application', { type: 'q', value: 'media' }])
  })

  test('the values of a list stand where the first one stood', () => {
    const [data] = parseSession(vector('data-offer')).media
    const at = data!.lines.findIndex(({ value }) => value.startsWith('candidate:'))
    data!.candidates = ['candidate:1', 'candidate:2']
    expect(data!.lines.slice(at - 1, at + 3).map(({ value }) => value.split(':').slice(0, 2))).toEqual([
      [expect.not.stringContaining('candidate')],
      ['candidate', '1'],
      ['candidate', '2'],
      ['ice-ufrag', expect.anything()],
    ])
    expect(data!.candidates).toHaveLength(2)
  })

  test('an attribute that is set stands where the first one stood, and is the only one', () => {
    const [data] = parseSession(vector('data-offer')).media
    const before = data!.lines.length
    data!.addAttribute('x', '1')
    data!.addAttribute('y')
    data!.addAttribute('x', '2')
    data!.setAttribute('x', '3')
    expect(data!.lines.slice(before).map(({ value }) => value)).toEqual(['x:3', 'y'])
    data!.setAttribute('x')
    expect(data!.lines.slice(before).map(({ value }) => value)).toEqual(['x', 'y'])
  })

  test('a pacing of ten digits is read, and one that is no number is none', () => {
    const description = parseSession(vector('data-offer'))
    description.icePacing = 9_999_999_999
    expect(parseSession(writeSession(description)).icePacing).toBe(9_999_999_999)
    for (const text of ['', '-1', '1.5', '99999999999']) {
      description.setAttribute('ice-pacing', text)
      expect(description.icePacing).toBeUndefined()
    }
  })

  test('an offer that bundles no section has no group', () => {
    const previous = createDataOffer(own)
    previous.bundle = previous.media[0]!.mid = undefined
    const offer = createDataOffer({ ...own, previous })
    expect([offer.media[0]?.mid, offer.bundle, offer.has('group')]).toEqual([undefined, undefined, false])
  })
})
