import { describe, expect, test } from '@jest/globals'

import { EndedSessions } from '../src/peer/ended-sessions.ts'

const sdp = (...fragments: string[]): string => fragments.map((name) => `a=ice-ufrag:${name}\r\n`).join('')

describe('candidates of ICE sessions that have ended', () => {
  test('are known by what they say of themselves, in either way', () => {
    const ended = new EndedSessions()
    ended.follow(sdp('first'))
    expect(ended.own({ candidate: '', usernameFragment: 'first' })).toBe(false)
    ended.follow(sdp('second'))
    expect(ended.own({ candidate: '', usernameFragment: 'first' })).toBe(true)
    expect(ended.own({ candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag first' })).toBe(true)
    expect(ended.own({ candidate: '', usernameFragment: 'second' })).toBe(false)
    expect(ended.own({ candidate: '', usernameFragment: 'never' })).toBe(false)
    expect(ended.own({ candidate: 'nonsense' })).toBe(false)
  })

  test('a session that is taken up again has not ended', () => {
    const ended = new EndedSessions()
    for (const fragment of ['first', 'second', 'first']) ended.follow(sdp(fragment))
    expect(ended.own({ candidate: '', usernameFragment: 'first' })).toBe(false)
    expect(ended.own({ candidate: '', usernameFragment: 'second' })).toBe(true)
  })

  test('a peer that restarts without end, or names many, fills no memory', () => {
    const ended = new EndedSessions()
    for (let i = 0; i < 1_000; i++) ended.follow(sdp(`a${i}`, `b${i}`))
    const known = Array.from({ length: 1_000 }, (_, i) => [`a${i}`, `b${i}`])
      .flat()
      .filter((usernameFragment) => ended.own({ candidate: '', usernameFragment }))
    expect(known).toHaveLength(16)
    expect(known.at(-1)).toBe('b998')
  })
})
