import { describe, expect, test } from '@jest/globals'
import { fromHex } from '@purertc/bytes'

import { parseSession, SessionDescription, transportOf } from '../src/index.ts'
import { vector } from './vectors.ts'

const head = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n'
const dataLine = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n'

describe('the transport of a section', () => {
  test('its own attributes', () => {
    const answer = parseSession(vector('av-data-answer'))
    const transport = transportOf(answer, answer.media[2]!)
    expect(transport).toMatchObject({ iceUfrag: 'KlvV', icePwd: 'fGFbkrhfZo5KpKMQOYg5pCyW', setup: 'active' })
    // Under max-bundle and in answers only the tagged section lists candidates.
    expect(answer.media[2]?.candidates).toEqual([])
    expect(transport.candidates).toHaveLength(2)
  })

  test('attributes at the session level, as Firefox writes them', () => {
    const offer = parseSession(
      `${head}a=fingerprint:sha-256 AB:CD\r\na=ice-options:trickle\r\na=ice-lite\r\na=setup:actpass\r\n` +
        `${dataLine}a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=mid:0\r\na=end-of-candidates\r\n`,
    )
    expect(transportOf(offer, offer.media[0]!)).toEqual({
      iceUfrag: 'abcd',
      icePwd: '0123456789012345678901',
      iceOptions: ['trickle'],
      iceLite: true,
      fingerprints: [{ algorithm: 'sha-256', value: fromHex('abcd') }],
      setup: 'actpass',
      candidates: [],
      endOfCandidates: true,
    })
  })

  test('a bundle-only section takes the tagged section’s', () => {
    const offer = parseSession(
      `${head}a=group:BUNDLE a d\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=ice-ufrag:abcd\r\n` +
        'a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\na=setup:actpass\r\n' +
        'm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\na=bundle-only\r\n',
    )
    expect(transportOf(offer, offer.media[1]!)).toMatchObject({
      iceUfrag: 'abcd',
      setup: 'actpass',
      candidates: ['candidate:1 1 udp 1 192.0.2.1 1 typ host'],
    })
  })

  test('a section of other credentials does not take the tagged section’s candidates', () => {
    const offer = parseSession(
      `${head}a=group:BUNDLE a d\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=ice-ufrag:abcd\r\n` +
        'a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n' +
        `${dataLine}a=mid:d\r\na=ice-ufrag:efgh\r\na=ice-pwd:9123456789012345678901\r\n`,
    )
    expect(transportOf(offer, offer.media[1]!)).toMatchObject({ iceUfrag: 'efgh', candidates: [] })
  })

  test('a bundled section without credentials has candidates of its own besides the tagged section’s', () => {
    const offer = parseSession(
      `${head}a=group:BUNDLE a d\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=ice-ufrag:abcd\r\n` +
        'a=ice-pwd:0123456789012345678901\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n' +
        `${dataLine}a=mid:d\r\na=candidate:2 1 udp 1 192.0.2.1 2 typ host\r\n`,
    )
    expect(transportOf(offer, offer.media[1]!).candidates.map((line) => line.slice(0, 11))).toEqual([
      'candidate:2',
      'candidate:1',
    ])
  })

  test.each(['a=group:BUNDLE a\r\n', ''])(
    'a section outside of the bundle has no part in it: %j',
    (group) => {
      const offer = parseSession(
        `${head}${group}m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=ice-ufrag:abcd\r\na=end-of-candidates\r\n` +
          `a=ice-pwd:0123456789012345678901\r\na=setup:active\r\n${dataLine}a=mid:d\r\n`,
      )
      expect(transportOf(offer, offer.media[1]!)).toMatchObject({
        iceUfrag: undefined,
        setup: undefined,
        endOfCandidates: false,
      })
    },
  )

  test('nothing where there is nothing', () => {
    const offer = parseSession(`${head}${dataLine}`)
    expect(transportOf(offer, offer.media[0]!)).toMatchObject({ iceUfrag: undefined, fingerprints: [] })
    expect(new SessionDescription(offer.lines).media).toEqual([])
  })
})
