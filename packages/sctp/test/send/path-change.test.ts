import { describe, expect, test } from '@jest/globals'

import type { SctpConfig } from '../../src/index.ts'
import { pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

test('another path starts from the initial window, RFC 9260 §7.2.5.2', () => {
  const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
  const initial = peer.association.congestionWindow
  peer.association.send(peer.now, 0, 51, pattern(50_000))
  const sent = peer.sentOffsets()
  expect(sent).toHaveLength(11)
  peer.wait(20)
  for (let last = 0; last < 44; last++) {
    peer.wait(2)
    peer.send(peer.sack(last))
  }
  expect(peer.association.congestionWindow).toBeGreaterThan(1.5 * initial)
  expect(peer.association.roundTripTime).toBeGreaterThan(0)
  peer.association.pathChanged({ maxMtu: 1_160 })
  expect([peer.association.congestionWindow, peer.association.roundTripTime]).toEqual([initial, undefined])
  peer.packets()
  peer.association.send(peer.now, 0, 51, pattern(60_000))
  expect(peer.sentOffsets()).toHaveLength(11)
})

test('a loss on another path is waited for as if nothing were known of it', () => {
  const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
  peer.association.send(peer.now, 0, 51, pattern(1_000))
  peer.wait(20)
  peer.send(peer.sack(0))
  peer.association.pathChanged({ maxMtu: 1_160 })
  peer.packets()
  peer.association.send(peer.now, 0, 51, pattern(1_000))
  expect(peer.sentOffsets()).toEqual([1])
  // On the old one a probe would go out after 240 ms.
  peer.wait(499)
  expect(peer.sentOffsets()).toEqual([])
  peer.wait(1)
  expect(peer.sentOffsets()).toEqual([1])
})

describe('what went over the path of before (RFC 9260 §7.2)', () => {
  test('does not open the window of the new one when it arrives', () => {
    const { peer, initial } = moved(11)
    peer.send(peer.sack(10))
    expect(peer.association.congestionWindow).toBe(initial)
    expect(peer.association.roundTripTime).toBeUndefined()
    // What that made room for counts.
    expect(peer.sentOffsets()).toHaveLength(11)
    peer.wait(20)
    peer.send(peer.sack(12))
    expect(peer.association.congestionWindow).toBeGreaterThan(initial)
    expect(peer.association.roundTripTime).toBe(20)
  })

  test('counts by gap blocks no more than cumulatively, and what is sent again does', () => {
    const { peer, initial } = moved(11)
    peer.send(peer.sack(-1, [[3, 11]]))
    expect(peer.association.congestionWindow).toBe(initial)
    peer.wait(1)
    expect(peer.sentOffsets().slice(0, 2)).toEqual([0, 1])
    peer.wait(19)
    peer.send(peer.sack(10))
    expect(peer.association.congestionWindow).toBeGreaterThan(initial)
  })

  test('is no congestion of the new one where it is lost', () => {
    const { peer, initial } = moved(11)
    peer.send(peer.sack(-1, [[3, 11]]))
    peer.wait(300)
    expect(peer.sentOffsets()).toEqual([0, 1, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect(peer.association.congestionWindow).toBe(initial)
    // A loss over the new path is.
    peer.send(peer.sack(11, [[3, 8]]))
    expect(peer.association.congestionWindow).toBeLessThan(initial)
  })

  test('leaves the new one its window and its timeout when T3 goes off for it, and no error is counted', () => {
    const { peer, initial } = moved(11, { maxRetransmits: 0 })
    peer.wait(499)
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(1)
    expect(peer.sentOffsets().length).toBeGreaterThan(1)
    expect(peer.association.state).toBe('established')
    expect(peer.association.congestionWindow).toBe(initial)
    // The next one is the new path's own.
    peer.wait(500)
    expect(peer.association.state).toBe('closed')
  })
})

/** A peer that has heard nothing yet of so many chunks when the path changes. */
function moved(
  outstanding: number,
  config: Partial<SctpConfig> = {},
): { peer: ScriptedPeer; initial: number } {
  const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity, ...config } }).connect()
  const initial = peer.association.congestionWindow
  peer.association.send(peer.now, 0, 51, pattern(60_000))
  expect(peer.sentOffsets()).toHaveLength(outstanding)
  peer.association.pathChanged({ maxMtu: 1_160 })
  return { peer, initial }
}
