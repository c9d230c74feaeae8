import { describe, expect, test } from '@jest/globals'

import { parseSession, SdpError, type SdpLimits } from '../src/index.ts'
import { vector } from './vectors.ts'

const head = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0']
const media = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel'

function fault(
  lines: readonly string[],
  limits?: Partial<SdpLimits>,
): { code: string; line: number | null } | null {
  try {
    parseSession(lines.join('\r\n'), limits)
    return null
  } catch (error) {
    if (!(error instanceof SdpError)) throw error
    return { code: error.code, line: error.line }
  }
}

describe('a description is refused with the number of its line', () => {
  test.each([
    ['nothing', [], 'structure', 1],
    ['no version', head.slice(1), 'structure', 1],
    ['another version', ['v=1', ...head.slice(1)], 'structure', 1],
    ['no origin', [head[0]!, ...head.slice(2)], 'structure', 2],
    ['an origin of five fields', [head[0]!, 'o=- 1 1 IN IP4', ...head.slice(2)], 'syntax', 2],
    ['an origin whose id is a word', [head[0]!, 'o=- x 1 IN IP4 0.0.0.0', ...head.slice(2)], 'syntax', 2],
    ['no session name', [...head.slice(0, 2), 't=0 0'], 'structure', 3],
    ['no time', head.slice(0, 3), 'structure', 4],
    ['time only in a media section', [...head.slice(0, 3), media, 't=0 0'], 'structure', 4],
    ['a second version', [...head, 'v=0'], 'structure', 5],
    ['a second name at once', [...head.slice(0, 3), 's=-', 't=0 0'], 'structure', 4],
    ['time in a media section, too', [...head, media, 't=0 0'], 'structure', 6],
    ['a second origin in a media section', [...head, media, 'o=- 1 1 IN IP4 0.0.0.0'], 'structure', 6],
    ['a line without =', [...head, 'a'], 'syntax', 5],
    ['an empty line', [...head, '', 'a=x'], 'syntax', 5],
    ['an upper-case type', [...head, 'A=x'], 'syntax', 5],
    ['a carriage return inside', [...head, 'a=x\ry'], 'syntax', 5],
    ['a NUL', [...head, 'a=x\0'], 'syntax', 5],
    ['an attribute without name', [...head, 'a=:1'], 'syntax', 5],
    ['a media line of three fields', [...head, 'm=audio 9 RTP/AVP'], 'syntax', 5],
    ['a media line with two spaces', [...head, 'm=audio  9 RTP/AVP 0'], 'syntax', 5],
    ['a port past 65535', [...head, 'm=audio 65536 RTP/AVP 0'], 'syntax', 5],
    ['a port with a leading zero', [...head, 'm=audio 09 RTP/AVP 0'], 'syntax', 5],
    ['several ports', [...head, 'm=audio 9/2 RTP/AVP 0'], 'syntax', 5],
    ['a mid twice', [...head, media, 'a=mid:0', media, 'a=mid:0'], 'structure', 7],
    ['a mid with a space', [...head, media, 'a=mid:a b'], 'invalid-attribute', 6],
    ['a short ufrag', [...head, media, 'a=ice-ufrag:abc'], 'invalid-attribute', 6],
    ['a long ufrag', [...head, media, `a=ice-ufrag:${'a'.repeat(257)}`], 'invalid-attribute', 6],
    ['a short password', [...head, media, 'a=ice-pwd:abcdefghijklmnopqrstu'], 'invalid-attribute', 6],
    ['setup holdconn', [...head, media, 'a=setup:holdconn'], 'invalid-attribute', 6],
    ['setup as a flag', [...head, media, 'a=setup'], 'invalid-attribute', 6],
    ['a fingerprint without hash', [...head, media, 'a=fingerprint:sha-256'], 'invalid-attribute', 6],
    ['a fingerprint of half a byte', [...head, media, 'a=fingerprint:sha-256 AB:C'], 'invalid-attribute', 6],
    [
      'a fingerprint of 129 bytes',
      [...head, media, `a=fingerprint:sha-256 ${'AB:'.repeat(128)}AB`],
      'invalid-attribute',
      6,
    ],
    ['an SCTP port past 65535', [...head, media, 'a=sctp-port:65536'], 'invalid-attribute', 6],
    ['a message size that is no number', [...head, media, 'a=max-message-size:1e9'], 'invalid-attribute', 6],
    ['a group without semantics', [...head, 'a=group:'], 'invalid-attribute', 5],
  ])('%s', (_, lines, code, line) => {
    expect(fault(lines)).toEqual({ code, line })
  })
})

describe('hostile sizes', () => {
  test('a long text is not even split', () => {
    expect(fault(['a'.repeat(1_048_577)])).toEqual({ code: 'too-large', line: null })
  })

  test('lines are counted', () => {
    const lines = [...head, 'a=x']
    expect(fault(lines, { lines: 5 })).toBeNull()
    expect(fault([...lines, ''], { lines: 5 })).toBeNull()
    expect(fault([...lines, 'a=y'], { lines: 5 })).toEqual({ code: 'too-large', line: 6 })
    expect(fault(Array.from({ length: 200_000 }, () => 'a=x'))).toEqual({ code: 'too-large', line: 20_001 })
  })

  test('media sections are counted', () => {
    const sections = Array.from({ length: 257 }, () => media)
    expect(fault([...head, ...sections.slice(1)])).toBeNull()
    expect(fault([...head, ...sections])).toEqual({ code: 'too-large', line: 261 })
  })

  test('the largest text allowed is read in well under a second', () => {
    // Of the processor: who else has it in between is no matter.
    const started = process.cpuUsage()
    expect(
      fault([...head, ...Array.from({ length: 19_996 }, (_, at) => `a=x${at}:${'y'.repeat(40)}`)]),
    ).toBeNull()
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000)
  })

  test('foreign text in a message is cut', () => {
    expect(() => parseSession('x'.repeat(1_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,80}$/) }),
    )
  })
})

test('the origin of a real description', () => {
  const offer = parseSession(vector('data-offer'))
  expect(offer.origin).toEqual({
    username: '-',
    sessionId: '8782869572208645655',
    sessionVersion: '2',
    netType: 'IN',
    addressType: 'IP4',
    address: '127.0.0.1',
  })
})
