import { describe, expect, test } from '@jest/globals'

import { described, negotiate, SimWorld } from './support/sim-environment.ts'

describe('candidates', () => {
  test('come as events, then an empty one, then null, and stand in the description', async () => {
    const world = new SimWorld()
    const [alice] = world.pair()
    const seen: unknown[] = []
    alice.onicecandidate = ({ candidate }) => seen.push(candidate?.toJSON() ?? null)
    alice.createDataChannel('x')
    await alice.setLocalDescription()
    await world.until(() => alice.iceGatheringState === 'complete')
    const usernameFragment = /a=ice-ufrag:(.*)\r/.exec(described(alice).sdp)?.[1]
    const place = { sdpMid: '0', sdpMLineIndex: 0, usernameFragment }
    expect(seen).toEqual([
      { candidate: expect.stringMatching(/^candidate:\S+ 1 udp \d+ 192\.168\.0\.1 \d+ typ host/), ...place },
      { candidate: '', ...place },
      null,
    ])
    expect(described(alice).sdp).toMatch(/a=candidate:.*\r\n/)
    expect(described(alice).sdp).toContain('a=end-of-candidates')
    expect(alice.localDescription).toBe(alice.localDescription)
  })

  test('within descriptions are enough', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    alice.onicecandidate = null
    bob.onicecandidate = null
    const channel = alice.createDataChannel('x')
    await alice.setLocalDescription()
    await world.until(() => alice.iceGatheringState === 'complete')
    await bob.setRemoteDescription(described(alice))
    await bob.setLocalDescription()
    await world.until(() => bob.iceGatheringState === 'complete')
    await alice.setRemoteDescription(described(bob))
    await world.until(() => channel.readyState === 'open')
  })

  test('are refused where they belong nowhere, and shown where they do', async () => {
    const [alice, bob] = new SimWorld().pair()
    const line = 'candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host'
    const operation = { name: 'OperationError' }
    await expect(bob.addIceCandidate({ candidate: line, sdpMid: '0' })).rejects.toMatchObject({
      name: 'InvalidStateError',
    })
    await expect(bob.addIceCandidate({ candidate: line })).rejects.toBeInstanceOf(TypeError)
    alice.createDataChannel('x')
    await alice.setLocalDescription()
    await bob.setRemoteDescription(described(alice))
    await expect(bob.addIceCandidate({ candidate: 'nonsense', sdpMid: '0' })).rejects.toMatchObject(operation)
    await expect(bob.addIceCandidate({ candidate: line, sdpMid: '7' })).rejects.toMatchObject(operation)
    await expect(bob.addIceCandidate({ candidate: line, sdpMLineIndex: 1 })).rejects.toMatchObject(operation)
    await expect(
      bob.addIceCandidate({ candidate: line, sdpMid: '0', usernameFragment: 'stranger' }),
    ).rejects.toMatchObject(operation)
    await bob.addIceCandidate({ candidate: line, sdpMid: '0' })
    await bob.addIceCandidate({
      candidate: 'candidate:1 1 tcp 1 192.0.2.7 9 typ host tcptype active',
      sdpMLineIndex: 0,
    })
    await bob.addIceCandidate({ candidate: '', sdpMid: '0' })
    await bob.addIceCandidate()
    await bob.addIceCandidate(null)
    expect(bob.remoteDescription?.sdp).toContain(`a=${line}\r\n`)
    expect(bob.remoteDescription?.sdp).toContain('a=end-of-candidates')
  })

  test('without number are bounded', async () => {
    const [alice, bob] = new SimWorld().pair()
    alice.createDataChannel('x')
    await negotiate(alice, bob)
    for (let i = 1; i <= 2_000; i++)
      await bob.addIceCandidate({ candidate: `candidate:1 1 udp ${i} 192.0.2.7 ${i} typ host`, sdpMid: '0' })
    expect(bob.remoteDescription?.sdp.match(/a=candidate/g)).toHaveLength(256)
    expect(bob.transportStatistics?.ice.pairs.length).toBeLessThanOrEqual(100)
  })

  test('are refused by hooks', async () => {
    const world = new SimWorld()
    const [alice] = world.pair([{ hooks: { acceptLocalCandidate: () => false } }, {}])
    const lines: string[] = []
    alice.onicecandidate = ({ candidate }) => lines.push(candidate?.candidate ?? 'null')
    alice.createDataChannel('x')
    await alice.setLocalDescription()
    await world.until(() => alice.iceGatheringState === 'complete')
    expect(lines).toEqual(['', 'null'])
  })
})
