import { describe, expect, test } from '@jest/globals'

import { RTCSessionDescription } from '../src/index.ts'
import type { RTCPeerConnection } from '../src/w3c/peer-connection.ts'
import { described, negotiate, SimWorld } from './support/sim-environment.ts'

const invalidState = expect.objectContaining({ name: 'InvalidStateError' })

/** A connection in the given signaling state, and the peer that helped it there. */
async function inState(
  state: 'stable' | 'have-local-offer' | 'have-remote-offer' | 'closed',
): Promise<[RTCPeerConnection, RTCPeerConnection]> {
  const [subject, other] = new SimWorld().pair()
  if (state === 'have-local-offer') {
    subject.createDataChannel('x')
    await subject.setLocalDescription()
  } else if (state === 'have-remote-offer') {
    other.createDataChannel('x')
    await other.setLocalDescription()
    await subject.setRemoteDescription(described(other))
  } else if (state === 'closed') subject.close()
  expect(subject.signalingState).toBe(state)
  return [subject, other]
}

describe('signalingState', () => {
  test('goes through an offer and its answer, with an event for each change', async () => {
    const [alice, bob] = new SimWorld().pair()
    const states: string[] = []
    for (const [name, peer] of [
      ['alice', alice],
      ['bob', bob],
    ] as const)
      peer.onsignalingstatechange = () => states.push(`${name} ${peer.signalingState}`)
    alice.createDataChannel('x')
    const offering = alice.setLocalDescription()
    expect(alice.signalingState).toBe('stable')
    await offering
    await bob.setRemoteDescription(described(alice))
    expect(bob.pendingRemoteDescription).not.toBeNull()
    expect(bob.currentRemoteDescription).toBeNull()
    await bob.setLocalDescription()
    await alice.setRemoteDescription(described(bob))
    expect(states).toEqual(['alice have-local-offer', 'bob have-remote-offer', 'bob stable', 'alice stable'])
    for (const peer of [alice, bob]) {
      expect(peer.pendingLocalDescription).toBeNull()
      expect(peer.pendingRemoteDescription).toBeNull()
      expect(peer.currentLocalDescription).toBe(peer.localDescription)
      expect(peer.currentRemoteDescription).toBe(peer.remoteDescription)
    }
    expect(alice.currentLocalDescription?.type).toBe('offer')
    expect(bob.currentLocalDescription?.type).toBe('answer')
  })

  test('provisional answers lead to have-…-pranswer, and the last word to stable', async () => {
    const [alice, bob] = await inState('have-remote-offer')
    const { sdp } = await alice.createAnswer()
    await alice.setLocalDescription({ type: 'pranswer', sdp: sdp ?? '' })
    expect(alice.signalingState).toBe('have-local-pranswer')
    await bob.setRemoteDescription({ type: 'pranswer', sdp: sdp ?? '' })
    expect(bob.signalingState).toBe('have-remote-pranswer')
    await expect(alice.setLocalDescription({ type: 'rollback' })).rejects.toEqual(invalidState)
    await alice.setLocalDescription()
    await bob.setRemoteDescription(described(alice))
    expect([alice.signalingState, bob.signalingState]).toEqual(['stable', 'stable'])
  })

  test.each([
    ['stable', 'local answer'],
    ['stable', 'remote answer'],
    ['stable', 'local rollback'],
    ['stable', 'remote rollback'],
    ['have-local-offer', 'local answer'],
    ['have-local-offer', 'remote rollback'],
    ['have-remote-offer', 'local offer'],
    ['have-remote-offer', 'remote answer'],
    ['have-remote-offer', 'local rollback'],
    ['closed', 'local offer'],
    ['closed', 'remote offer'],
  ] as const)('%s refuses a %s', async (state, what) => {
    const [subject, other] = await inState(state)
    const [side, type] = what.split(' ') as ['local' | 'remote', 'offer' | 'answer' | 'rollback']
    other.createDataChannel('x')
    const sdp = type === 'rollback' ? '' : ((await other.createOffer().catch(() => null))?.sdp ?? 'v=0')
    const applied =
      side === 'local'
        ? subject.setLocalDescription({ type, sdp })
        : subject.setRemoteDescription({ type, sdp })
    await expect(applied).rejects.toEqual(invalidState)
    expect(subject.signalingState).toBe(state)
  })

  test('a description has one of the four types', async () => {
    const connection = new SimWorld().createConnection()
    for (const description of [undefined, {}, { type: 'bid', sdp: 'v=0' }])
      await expect(connection.setRemoteDescription(description as never)).rejects.toThrow(TypeError)
    expect(() => new RTCSessionDescription({ type: 'bid' as never })).toThrow(TypeError)
    expect(connection.signalingState).toBe('stable')
  })

  test('createAnswer needs an offer, createOffer none', async () => {
    const [stable] = await inState('stable')
    await expect(stable.createAnswer()).rejects.toEqual(invalidState)
    const [answering] = await inState('have-remote-offer')
    await expect(answering.createOffer()).rejects.toEqual(invalidState)
    const [closed] = await inState('closed')
    await expect(closed.createOffer()).rejects.toEqual(invalidState)
    expect(() => closed.createDataChannel('x')).toThrow(invalidState)
  })
})

describe('rollback', () => {
  test('takes a local offer back, and the next one stands', async () => {
    const [alice, bob] = await inState('have-local-offer')
    const first = described(alice).sdp
    await alice.setLocalDescription({ type: 'rollback' })
    expect(alice.signalingState).toBe('stable')
    expect(alice.localDescription).toBeNull()
    await negotiate(alice, bob)
    expect(alice.signalingState).toBe('stable')
    // Another transport, for nothing of the first was agreed on.
    expect(fragmentOf(described(alice).sdp)).not.toBe(fragmentOf(first))
  })

  test('takes a remote offer back', async () => {
    const [alice] = await inState('have-remote-offer')
    await alice.setRemoteDescription({ type: 'rollback' })
    expect(alice.signalingState).toBe('stable')
    expect(alice.remoteDescription).toBeNull()
  })

  test('is implied by a remote offer, so that glare is settled and both get their channels', async () => {
    const world = new SimWorld()
    const [polite, impolite] = world.pair()
    const labels: string[] = []
    for (const peer of [polite, impolite]) peer.ondatachannel = ({ channel }) => labels.push(channel.label)
    polite.createDataChannel('of the polite')
    impolite.createDataChannel('of the impolite')
    await polite.setLocalDescription()
    await impolite.setLocalDescription()
    await polite.setRemoteDescription(described(impolite))
    expect(polite.signalingState).toBe('have-remote-offer')
    await polite.setLocalDescription()
    await impolite.setRemoteDescription(described(polite))
    await world.until(() => labels.length === 2)
    expect(labels.sort()).toEqual(['of the impolite', 'of the polite'])
  })

  test('in a later negotiation leaves the link alone', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => alice.iceConnectionState === 'completed')
    await alice.setLocalDescription(await alice.createOffer({ iceRestart: true }))
    await alice.setLocalDescription({ type: 'rollback' })
    expect(alice.signalingState).toBe('stable')
    await world.turn()
    expect(alice.connectionState).toBe('connected')
  })
})

describe('negotiationneeded', () => {
  test('is fired once for the first channel, not again for the next, and not without', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    let asked = 0
    alice.onnegotiationneeded = () => asked++
    await world.turn()
    expect(asked).toBe(0)
    alice.createDataChannel('one')
    alice.createDataChannel('two')
    expect(asked).toBe(0)
    await world.turn()
    expect(asked).toBe(1)
    await negotiate(alice, bob)
    alice.createDataChannel('three')
    await world.turn()
    expect(asked).toBe(1)
  })

  test('waits while an operation is running, and while an offer is out', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    let asked = 0
    alice.onnegotiationneeded = () => asked++
    await alice.setLocalDescription()
    alice.createDataChannel('late')
    await world.turn()
    expect(asked).toBe(0)
    await bob.setRemoteDescription(described(alice))
    await bob.setLocalDescription()
    await alice.setRemoteDescription(described(bob))
    await world.turn()
    expect(asked).toBe(1)
  })

  test('is fired by restartIce, until the credentials have changed', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => alice.connectionState === 'connected')
    const before = fragmentOf(described(alice).sdp)
    let asked = 0
    alice.onnegotiationneeded = () => asked++
    alice.restartIce()
    await world.turn()
    expect(asked).toBe(1)
    await negotiate(alice, bob)
    expect(fragmentOf(described(alice).sdp)).not.toBe(before)
    await world.turn()
    expect(asked).toBe(1)
    await world.until(
      () => alice.iceConnectionState === 'connected' || alice.iceConnectionState === 'completed',
    )
  })
})

describe('the operations chain', () => {
  test('runs calls in their order', async () => {
    const [alice] = new SimWorld().pair()
    alice.createDataChannel('x')
    const done: number[] = []
    await Promise.all([
      alice.createOffer().then(() => done.push(1)),
      alice.setLocalDescription().then(() => done.push(2)),
      alice.createAnswer().catch(() => done.push(3)),
      alice.setLocalDescription().then(() => done.push(4)),
    ])
    expect(done).toEqual([1, 2, 3, 4])
  })

  test('settles nothing after close()', async () => {
    const [alice] = new SimWorld().pair()
    const outcomes: string[] = []
    void alice.createOffer().then(
      () => outcomes.push('resolved'),
      () => outcomes.push('rejected'),
    )
    alice.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(outcomes).toEqual([])
    expect(alice.signalingState).toBe('closed')
  })

  test('only what was made last can be set', async () => {
    const [alice] = new SimWorld().pair()
    alice.createDataChannel('x')
    const { type, sdp = '' } = await alice.createOffer()
    await expect(alice.setLocalDescription({ type, sdp: sdp.replace('5000', '5001') })).rejects.toMatchObject(
      {
        name: 'InvalidModificationError',
      },
    )
    await alice.setLocalDescription({ type, sdp })
  })
})

function fragmentOf(sdp: string): string {
  return /^a=ice-ufrag:(.*)$/m.exec(sdp)?.[1] ?? ''
}
