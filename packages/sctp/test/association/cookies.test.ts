import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { CookieJar, type StateCookie } from '../../src/association/state-cookie.ts'
import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { CauseCode } from '../../src/wire/error-cause.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const cookie: StateCookie = {
  createdAt: 123_456_789,
  localTag: 1,
  peerTag: 0xffff_ffff,
  localTsn: Tsn.of(3),
  peerTsn: Tsn.of(4),
  peerWindow: 5,
  peerOutboundStreams: 65_535,
  peerInboundStreams: 7,
  peerForwardsTsn: true,
  peerResetsStreams: false,
  peerTakesZeroChecksum: true,
  peerLargestPacket: 70_000,
  peerInterleaves: true,
  peerForwardsInterleaved: false,
  localTieTag: 8,
  peerTieTag: 9,
}

describe('the State Cookie', () => {
  test('comes back as it was sealed', () => {
    const jar = new CookieJar(nodeCrypto)
    expect(jar.open(jar.seal(cookie))).toEqual(cookie)
    const other = { ...cookie, peerForwardsTsn: false, peerResetsStreams: true }
    expect(jar.open(jar.seal(other))).toEqual(other)
  })

  test('opens with no bit changed, and only where it was sealed', () => {
    const jar = new CookieJar(nodeCrypto)
    const sealed = jar.seal(cookie)
    for (let at = 0; at < sealed.length; at++) {
      const forged = Uint8Array.from(sealed)
      forged[at]! ^= 1
      expect(jar.open(forged)).toBeNull()
    }
    expect(jar.open(sealed.subarray(1))).toBeNull()
    expect(jar.open(new Uint8Array(0))).toBeNull()
    expect(new CookieJar(nodeCrypto).open(sealed)).toBeNull()
  })
})

describe('a COOKIE ECHO', () => {
  test('with a forged cookie is dropped without an answer', () => {
    const peer = new ScriptedPeer()
    const forged = Uint8Array.from(peer.fetchCookie())
    forged[3]! ^= 0x80
    peer.send({ type: ChunkType.cookieEcho, cookie: forged })
    expect(peer.packets()).toEqual([])
    expect(peer.association.state).toBe('new')
    expect(peer.association.discarded.get('bad-cookie')).toBe(1)
  })

  test('under another tag than its own is dropped', () => {
    const peer = new ScriptedPeer()
    const cookie = peer.fetchCookie()
    peer.sendWithTag(peer.peerTag ^ 1, { type: ChunkType.cookieEcho, cookie })
    expect([peer.packets(), peer.association.state]).toEqual([[], 'new'])
  })

  test('with an expired cookie is told by how much', () => {
    const peer = new ScriptedPeer({ config: { cookieLifetime: 5_000 } })
    const cookie = peer.fetchCookie()
    peer.wait(5_250)
    peer.send({ type: ChunkType.cookieEcho, cookie })
    const [packet] = peer.packets()
    expect(packet?.verificationTag).toBe(peer.tag)
    expect(packet?.chunks).toEqual([
      {
        type: ChunkType.error,
        causes: [{ type: CauseCode.staleCookie, value: Uint8Array.of(0, 3, 0xd0, 0x90) }],
      },
    ])
    expect(peer.association.state).toBe('new')
  })

  test('is answered again when the COOKIE ACK was lost, even late, and changes nothing', () => {
    const peer = new ScriptedPeer()
    const cookie = peer.fetchCookie()
    peer.send({ type: ChunkType.cookieEcho, cookie })
    expect(peer.types()).toEqual([ChunkType.cookieAck])
    peer.send(peer.data(0))
    peer.wait(100_000)
    peer.packets()
    peer.send({ type: ChunkType.cookieEcho, cookie }, peer.data(1))
    expect(peer.types()).toContain(ChunkType.cookieAck)
    expect(peer.end.texts(0)).toEqual(['message 0', 'message 1'])
    expect([peer.end.connected, peer.end.restarted]).toEqual([1, 0])
  })

  test('may bring DATA along', () => {
    const peer = new ScriptedPeer()
    peer.send({ type: ChunkType.cookieEcho, cookie: peer.fetchCookie() }, peer.data(0))
    expect(peer.end.texts(0)).toEqual(['message 0'])
  })

  test('that is not first in its packet is dropped', () => {
    const peer = new ScriptedPeer()
    const cookie = peer.fetchCookie()
    peer.send({ type: ChunkType.cookieAck }, { type: ChunkType.cookieEcho, cookie })
    expect(peer.association.state).toBe('new')
  })
})

test('an INIT flood leaves nothing behind, and the next peer connects', () => {
  const peer = new ScriptedPeer()
  for (let i = 1; i <= 10_000; i++) peer.sendWithTag(0, peer.init({ initiateTag: i, initialTsn: Tsn.of(i) }))
  expect(peer.packets()).toHaveLength(10_000)
  expect(peer.association.state).toBe('new')
  expect(peer.association.nextTimeout).toBe(Infinity)
  peer.connect()
  expect(peer.association.state).toBe('established')
})
