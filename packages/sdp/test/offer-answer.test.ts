import { describe, expect, test } from '@jest/globals'

import {
  answerSetup,
  createDataAnswer,
  createDataOffer,
  dataModeOf,
  findDataSection,
  parseSession,
  sctpPortOf,
  sessionIdFrom,
  writeSession,
} from '../src/index.ts'
import { vector } from './vectors.ts'

const own = {
  sessionId: '42',
  iceUfrag: 'ufrg',
  icePwd: 'passwordpasswordpasswo',
  fingerprints: [{ algorithm: 'sha-256', value: Uint8Array.of(0xab, 0x0c) }],
} as const
const channel = { ...own, mode: 'datachannel' } as const
const datagram = { ...own, mode: 'datagram' } as const

const lines = (...text: readonly string[]): string => text.map((line) => `${line}\r\n`).join('')

describe('an offer', () => {
  test('of data channels', () => {
    expect(writeSession(createDataOffer(channel))).toBe(
      lines(
        'v=0',
        'o=- 42 1 IN IP4 0.0.0.0',
        's=-',
        't=0 0',
        'a=group:BUNDLE 0',
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
        'c=IN IP4 0.0.0.0',
        'a=ice-ufrag:ufrg',
        'a=ice-pwd:passwordpasswordpasswo',
        'a=ice-options:trickle',
        'a=fingerprint:sha-256 AB:0C',
        'a=setup:actpass',
        'a=mid:0',
        'a=sctp-port:5000',
        'a=max-message-size:262144',
      ),
    )
  })

  test('of datagrams', () => {
    const text = writeSession(
      createDataOffer({ ...datagram, candidates: ['candidate:1 1 udp 1 192.0.2.1 9 typ host'] }),
    )
    expect(text).toContain(
      'm=application 9 UDP/DTLS octet-stream\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n',
    )
    expect(text).not.toMatch(/sctp|max-message/)
    expect(dataModeOf(parseSession(text).media[0]!)).toBe('datagram')
  })

  test('after an answer that refused audio and video keeps all three sections', () => {
    const answer = createDataAnswer(parseSession(vector('av-data-offer')), channel)
    const offer = createDataOffer({ ...channel, iceUfrag: 'new1', previous: answer })
    expect(offer.origin.sessionVersion).toBe('2')
    expect(offer.media.map((media) => [media.kind, media.port, media.mid])).toEqual([
      ['audio', 0, '0'],
      ['video', 0, '1'],
      ['application', 9, '2'],
    ])
    expect(offer.bundle).toEqual(['2'])
    expect(offer.media[2]?.iceUfrag).toBe('new1')
    expect(offer.media[2]?.setup).toBe('actpass')
  })

  test('after a description without a data section appends one under a mid of its own', () => {
    const previous = createDataAnswer(parseSession(vector('av-offer')), channel)
    previous.media[1]!.mid = '2'
    const offer = createDataOffer({ ...channel, previous })
    expect(offer.media.map((media) => [media.kind, media.mid])).toEqual([
      ['audio', '0'],
      ['video', '2'],
      ['application', '3'],
    ])
  })
})

describe('an answer', () => {
  test('to a browser’s audio, video and data accepts the data', () => {
    const offer = parseSession(vector('av-data-offer'))
    const answer = createDataAnswer(offer, channel)
    const [audio, video] = offer.media
    expect(writeSession(answer)).toBe(
      lines(
        'v=0',
        'o=- 42 1 IN IP4 0.0.0.0',
        's=-',
        't=0 0',
        'a=group:BUNDLE 2',
        `m=audio 0 UDP/TLS/RTP/SAVPF ${audio?.formats.join(' ')}`,
        'c=IN IP4 0.0.0.0',
        'a=inactive',
        'a=mid:0',
        `m=video 0 UDP/TLS/RTP/SAVPF ${video?.formats.join(' ')}`,
        'c=IN IP4 0.0.0.0',
        'a=inactive',
        'a=mid:1',
        'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
        'c=IN IP4 0.0.0.0',
        'a=ice-ufrag:ufrg',
        'a=ice-pwd:passwordpasswordpasswo',
        'a=ice-options:trickle',
        'a=fingerprint:sha-256 AB:0C',
        'a=setup:active',
        'a=mid:2',
        'a=sctp-port:5000',
        'a=max-message-size:262144',
      ),
    )
  })

  test('to audio alone accepts nothing and bundles nothing', () => {
    const offer = parseSession(vector('audio-offer'))
    const answer = createDataAnswer(offer, channel)
    expect(findDataSection(offer)).toBeUndefined()
    expect(answer.media.map((media) => media.isRejected)).toEqual([true])
    expect(answer.bundle).toBeUndefined()
  })

  test('bundles only what the offer bundled', () => {
    const offer = createDataOffer(channel)
    offer.bundle = undefined
    expect(createDataAnswer(offer, channel).bundle).toBeUndefined()
  })

  test('to an offer without mids has none', () => {
    const offer = createDataOffer(channel)
    offer.bundle = offer.media[0]!.mid = undefined
    const answer = createDataAnswer(offer, channel)
    expect([answer.media[0]?.port, answer.media[0]?.mid]).toEqual([9, undefined])
  })

  test('accepts the first of two data sections', () => {
    const offer = createDataOffer(channel)
    const second = createDataOffer(channel).media[0]!
    second.mid = '1'
    offer.media.push(second)
    offer.bundle = ['0', '1']
    const answer = createDataAnswer(offer, channel)
    expect(answer.media.map((media) => media.port)).toEqual([9, 0])
    expect(answer.bundle).toEqual(['0'])
  })

  test('does not revive a section that the offer stopped', () => {
    const offer = createDataOffer(channel)
    offer.media[0]!.port = 0
    expect(createDataAnswer(offer, channel).media[0]?.port).toBe(0)
  })

  test('accepts a bundle-only section with a port', () => {
    const offer = createDataOffer(channel)
    offer.media[0]!.port = 0
    offer.media[0]!.setAttribute('bundle-only')
    const [data] = createDataAnswer(offer, channel).media
    expect([data?.port, data?.isBundleOnly]).toEqual([9, false])
  })

  test('does not take one mode for the other', () => {
    expect(createDataAnswer(createDataOffer(datagram), channel).media[0]?.isRejected).toBe(true)
    expect(createDataAnswer(createDataOffer(channel), datagram).media[0]?.isRejected).toBe(true)
    const answer = createDataAnswer(createDataOffer(datagram), datagram)
    expect([answer.media[0]?.protocol, answer.media[0]?.setup]).toEqual(['UDP/DTLS', 'active'])
  })

  test('keeps the id of the answer before and counts on', () => {
    const offer = createDataOffer(channel)
    const first = createDataAnswer(offer, channel)
    const second = createDataAnswer(offer, { ...channel, sessionId: '43', previous: first })
    expect(second.origin).toMatchObject({ sessionId: '42', sessionVersion: '2' })
  })

  test('takes the setup role from the session level too', () => {
    const offer = createDataOffer(channel)
    offer.media[0]!.setup = undefined
    offer.setAttribute('setup', 'active')
    expect(createDataAnswer(offer, channel).media[0]?.setup).toBe('passive')
  })
})

test.each([
  ['actpass', undefined, 'active'],
  ['actpass', 'passive', 'passive'],
  ['active', 'active', 'passive'],
  ['passive', 'passive', 'active'],
  [undefined, 'active', 'passive'],
] as const)('to setup %s, preferring %s, the answer is %s', (offered, preferred, answer) => {
  expect(answerSetup(offered, preferred)).toBe(answer)
})

test('a session id has 63 bits', () => {
  expect(sessionIdFrom(new Uint8Array(8).fill(0xff))).toBe('9223372036854775807')
  expect(sessionIdFrom(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 5))).toBe('5')
})

describe('the form of before RFC 8841', () => {
  const offer = parseSession(
    lines(
      'v=0',
      'o=- 7 1 IN IP4 0.0.0.0',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0',
      'm=application 9 DTLS/SCTP 5001',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=sctpmap:5001 webrtc-datachannel 65535',
      'a=max-message-size:65536',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:passwordpasswordpasswo',
      'a=fingerprint:sha-256 AB:0C',
      'a=setup:actpass',
    ),
  )

  test('is read, and answered and offered again in kind', () => {
    const section = findDataSection(offer, 'datachannel')
    expect(section && sctpPortOf(section)).toBe(5001)
    const answer = createDataAnswer(offer, channel)
    const text = writeSession(answer)
    expect(text).toContain('m=application 9 DTLS/SCTP 5000\r\n')
    expect(text).toContain('a=sctpmap:5000 webrtc-datachannel 65535\r\n')
    expect(text).not.toContain('sctp-port')
    const again = createDataOffer({ ...channel, previous: answer })
    expect(writeSession(again)).toContain('m=application 9 DTLS/SCTP 5000\r\n')
    expect(sctpPortOf(again.media[0]!)).toBe(5000)
  })

  test.each([
    'a=sctpmap:5001 other 1',
    'a=sctpmap:5002 webrtc-datachannel 1',
    'a=sctpmap:99999 webrtc-datachannel',
  ])('with %s is no data section', (line) => {
    const text = writeSession(offer).replace(/a=sctpmap:.*/, line)
    expect(findDataSection(parseSession(text))).toBeUndefined()
  })
})
