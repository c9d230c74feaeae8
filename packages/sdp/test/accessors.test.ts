import { describe, expect, test } from '@jest/globals'
import { fromHex } from '@purertc/bytes'
import fc from 'fast-check'

import { Fingerprint, MediaDescription, parseSession, SdpError, writeSession } from '../src/index.ts'
import { vector } from './vectors.ts'

const head = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n'
const dataLine = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n'

describe('reading', () => {
  const offer = parseSession(vector('data-offer'))
  const [data] = offer.media as [MediaDescription]

  test('a data section of a browser', () => {
    expect({ kind: data.kind, port: data.port, protocol: data.protocol, formats: data.formats }).toEqual({
      kind: 'application',
      port: 42011,
      protocol: 'UDP/DTLS/SCTP',
      formats: ['webrtc-datachannel'],
    })
    expect(data.connection).toBe('IN IP4 192.0.2.2')
    expect(data.mid).toBe('0')
    expect(data.iceUfrag).toBe('lRpd')
    expect(data.icePwd).toBe('tvgQEfNMiz1qv31OzYDCvKpM')
    expect(data.iceOptions).toEqual(['trickle'])
    expect(data.setup).toBe('actpass')
    expect(data.sctpPort).toBe(5000)
    expect(data.maxMessageSize).toBe(262_144)
    expect(data.candidates).toHaveLength(4)
    expect(data.candidates[0]).toBe(
      'candidate:3388100748 1 udp 2122194687 192.0.2.2 42011 typ host generation 0 network-id 1',
    )
    expect(data.fingerprints).toEqual([
      {
        algorithm: 'sha-256',
        value: fromHex('EDD527' + '3AC57AA77D7B6BA14ABC7BF4252BA195BCECF3BCF6291D975DC1A4DCCE'),
      },
    ])
    expect(data.isRejected).toBe(false)
    expect(data.endOfCandidates).toBe(false)
    expect(data.rtcpMux).toBe(false)
    expect(data.direction).toBe('sendrecv')
  })

  test('the session level', () => {
    expect(offer.bundle).toEqual(['0'])
    expect(offer.iceLite).toBe(false)
    expect(offer.section('0')).toBe(data)
    expect(offer.section('1')).toBeUndefined()
    expect(offer.attribute('msid-semantic')).toBe(' WMS')
    expect(offer.attribute('extmap-allow-mixed')).toBe('')
    expect(offer.attribute('nothing')).toBeUndefined()
  })

  test('directions', () => {
    const [audio] = parseSession(vector('recvonly-offer')).media
    expect(audio?.direction).toBe('recvonly')
    expect(audio?.rtcpMux).toBe(true)
  })

  test('port 0 means rejected unless the section rides in a bundle', () => {
    const rejected = parseSession(`${head}m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n`).media[0]
    const bundled = parseSession(`${head}m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=bundle-only\r\n`).media[0]
    expect([rejected?.isRejected, bundled?.isRejected]).toEqual([true, false])
  })
})

describe('writing', () => {
  test('a setter changes its line and no other', () => {
    const text = vector('data-offer')
    const offer = parseSession(text)
    const [data] = offer.media as [MediaDescription]
    data.iceUfrag = 'ABCD'
    data.setup = 'active'
    data.port = 7
    data.connection = 'IN IP6 ::1'
    data.mid = 'd'
    offer.bundle = ['d']
    expect(writeSession(offer)).toBe(
      text
        .replace('ice-ufrag:lRpd', 'ice-ufrag:ABCD')
        .replace('setup:actpass', 'setup:active')
        .replace('application 42011', 'application 7')
        .replace('c=IN IP4 192.0.2.2', 'c=IN IP6 ::1')
        .replace('mid:0', 'mid:d')
        .replace('BUNDLE 0', 'BUNDLE d'),
    )
  })

  test('candidates gather behind those that are there', () => {
    const offer = parseSession(`${head}${dataLine}a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=mid:0\r\n`)
    offer.media[0]?.addCandidate('candidate:2 1 udp 1 192.0.2.1 2 typ host')
    offer.media[0]?.addCandidate('a=candidate:3 1 udp 1 192.0.2.1 3 typ host')
    expect(writeSession(offer)).toBe(
      `${head}${dataLine}a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=candidate:2 1 udp 1 192.0.2.1 2 typ host\r\n` +
        'a=candidate:3 1 udp 1 192.0.2.1 3 typ host\r\na=mid:0\r\n',
    )
  })

  test('a new c= goes behind m= and before the attributes', () => {
    const offer = parseSession(`${head}${dataLine}a=mid:0\r\n`)
    const [data] = offer.media as [MediaDescription]
    data.connection = 'IN IP4 0.0.0.0'
    expect(writeSession(offer)).toBe(`${head}${dataLine}c=IN IP4 0.0.0.0\r\na=mid:0\r\n`)
    data.connection = undefined
    expect(writeSession(offer)).toBe(`${head}${dataLine}a=mid:0\r\n`)
  })

  test('undefined, empty lists and false remove', () => {
    const offer = parseSession(vector('data-offer'))
    const [data] = offer.media as [MediaDescription]
    data.endOfCandidates = true
    expect(data.lines.at(-1)).toEqual({ type: 'a', value: 'end-of-candidates' })
    data.endOfCandidates = false
    data.candidates = []
    data.fingerprints = []
    data.iceOptions = []
    data.icePwd = data.iceUfrag = data.setup = data.mid = undefined
    data.sctpPort = data.maxMessageSize = undefined
    expect(data.lines.map((line) => line.type)).toEqual(['m', 'c'])
    offer.bundle = undefined
    expect(offer.has('group')).toBe(false)
  })

  test('other groups stay', () => {
    const offer = parseSession(`${head}a=group:LS 1 2\r\na=group:BUNDLE 0 1\r\n`)
    offer.bundle = ['1']
    expect(offer.groups).toEqual([
      { semantics: 'BUNDLE', mids: ['1'] },
      { semantics: 'LS', mids: ['1', '2'] },
    ])
  })

  test('a direction replaces the other', () => {
    const [audio] = parseSession(vector('recvonly-offer')).media as [MediaDescription]
    audio.direction = 'inactive'
    expect([audio.direction, audio.has('recvonly')]).toEqual(['inactive', false])
  })

  test.each(['x\r\na=setup:active', 'x\na=b', 'x\0'])('%j cannot break out of its line', (value) => {
    const media = MediaDescription.create({ kind: 'audio', port: 0, protocol: 'RTP/AVP', formats: ['0'] })
    const before = media.lines
    expect(() => media.addAttribute('x', value)).toThrow(SdpError)
    expect(() => media.setLine('c', value)).toThrow(SdpError)
    expect(() => media.addCandidate(value)).toThrow(SdpError)
    expect(media.lines).toEqual(before)
  })

  test('a media line that cannot be read back is not made', () => {
    const media = { kind: 'audio', port: 9, protocol: 'RTP/AVP', formats: ['0'] }
    for (const broken of [
      { port: 65_536 },
      { port: -1 },
      { port: 1.5 },
      { kind: 'a b' },
      { formats: [] },
      { protocol: '' },
    ])
      expect(() => MediaDescription.create({ ...media, ...broken })).toThrow(SdpError)
    const made = MediaDescription.create(media)
    expect(() => {
      made.port = 65_536
    }).toThrow(SdpError)
    expect(made.port).toBe(9)
    expect(() => new MediaDescription([])).toThrow(SdpError)
  })

  test('an attribute that cannot be read back is not written', () => {
    const offer = parseSession(vector('data-offer'))
    const [data] = offer.media as [MediaDescription]
    const edits: readonly (() => void)[] = [
      () => (data.sctpPort = 70_000),
      () => (data.maxMessageSize = 1.5),
      () => (data.iceUfrag = 'a b c d'),
      () => (data.icePwd = 'short'),
      () => (data.mid = ''),
      () => (data.fingerprints = [{ algorithm: 'sha-256', value: new Uint8Array() }]),
      () => (offer.origin = { ...offer.origin, sessionId: 'me' }),
    ]
    for (const edit of edits) expect(edit).toThrow(SdpError)
    expect(writeSession(offer)).toBe(vector('data-offer'))
  })

  test('accessors never throw on what was edited by hand', () => {
    const media = MediaDescription.create({
      kind: 'application',
      port: 9,
      protocol: 'UDP/DTLS',
      formats: ['x'],
    })
    media.setAttribute('setup', 'nonsense')
    media.setAttribute('sctp-port', '-1')
    media.setAttribute('fingerprint', 'sha-256 XY')
    expect([media.setup, media.sctpPort, media.fingerprints]).toEqual([undefined, undefined, []])
  })
})

test('fingerprints survive a round trip in either case of their digits', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (value) => {
      const text = Fingerprint.format({ algorithm: 'sha-256', value })
      expect(text).toMatch(/^sha-256 [0-9A-F:]+$/)
      expect(Fingerprint.parse(text)).toEqual({ algorithm: 'sha-256', value })
      expect(Fingerprint.parse(text.toLowerCase())).toEqual({ algorithm: 'sha-256', value })
    }),
  )
})

describe('a=sctp-init, draft-hancke-tsvwg-snap', () => {
  const section = (value: string): MediaDescription =>
    parseSession(
      `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-init:${value}\r\n`,
    ).media[0]!

  test('carries bytes in base64', () => {
    expect(section('AQAAHA==').sctpInit).toEqual(Uint8Array.of(1, 0, 0, 28))
    const media = section('AQAAHA==')
    media.sctpInit = Uint8Array.of(0xff, 0xfe, 0)
    expect(media.attribute('sctp-init')).toBe('//4A')
    media.sctpInit = undefined
    expect(media.attribute('sctp-init')).toBeUndefined()
  })

  test.each(['AQAAHA', 'AQ=AHA==', 'not base64!', '=', 'A'.repeat(8_196)])('%s is none', (value) => {
    let init: Uint8Array | undefined
    try {
      init = section(value).sctpInit
    } catch (error) {
      expect(error).toMatchObject({ name: 'SdpError' })
    }
    expect(init).toBeUndefined()
  })
})
