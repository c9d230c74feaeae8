import { describe, expect, test } from '@jest/globals'
import { MessageClass, StunMessage } from '@purertc/stun'

import type { RTCConfiguration } from '../src/index.ts'
import type { RTCPeerConnection } from '../src/w3c/peer-connection.ts'
import { described, negotiate, SimWorld } from './support/sim-environment.ts'

/** Two ends that are connected. */
async function connected() {
  const world = new SimWorld()
  const [alice, bob] = world.pair()
  alice.createDataChannel('chat')
  await negotiate(alice, bob)
  await world.until(() => alice.connectionState === 'connected' && bob.connectionState === 'connected')
  return { world, alice, bob }
}

const change = (sdp: string, name: 'ice-ufrag' | 'ice-pwd'): string =>
  sdp.replace(new RegExp(`^(a=${name}:)....`, 'gm'), '$1ANEW')

const credentialsOf = (connection: RTCPeerConnection): string[] =>
  connection.localDescription?.sdp.match(/^a=ice-(?:ufrag|pwd):.*$/gm) ?? []

describe('a restart of ICE, RFC 8839 §4.4.3', () => {
  test.each(['ice-ufrag', 'ice-pwd'] as const)(
    'is seen by another %s alone, and answered by both',
    async (name) => {
      const { world, alice, bob } = await connected()
      const before = credentialsOf(bob)
      await alice.setLocalDescription()
      await bob.setRemoteDescription({ type: 'offer', sdp: change(described(alice).sdp, name) })
      await bob.setLocalDescription()
      const after = credentialsOf(bob)
      expect(after).toHaveLength(2)
      for (const line of after) expect(before).not.toContain(line)
      await world.turn()
      // The old session carries on.
      expect(bob.connectionState).toBe('connected')
    },
  )

  test.each(['ice-ufrag', 'ice-pwd'] as const)(
    'that nobody asked for, by another %s in an answer, is refused',
    async (name) => {
      const { world, alice, bob } = await connected()
      await alice.setLocalDescription()
      await bob.setRemoteDescription(described(alice))
      await bob.setLocalDescription()
      const answer = described(bob)
      await expect(
        alice.setRemoteDescription({ type: 'answer', sdp: change(answer.sdp, name) }),
      ).rejects.toMatchObject({ name: 'InvalidAccessError' })
      expect(alice.signalingState).toBe('have-local-offer')
      await alice.setRemoteDescription(answer)
      await world.turn()
      expect(alice.connectionState).toBe('connected')
    },
  )

  test('that is asked for and not answered is refused', async () => {
    const { alice, bob } = await connected()
    const old = credentialsOf(bob)
    alice.restartIce()
    await alice.setLocalDescription()
    await bob.setRemoteDescription(described(alice))
    await bob.setLocalDescription()
    const answer = described(bob)
    const [ufrag = '', pwd = ''] = old
    const unchanged = answer.sdp.replace(/^a=ice-ufrag:.*$/m, ufrag).replace(/^a=ice-pwd:.*$/m, pwd)
    await expect(alice.setRemoteDescription({ type: 'answer', sdp: unchanged })).rejects.toMatchObject({
      name: 'InvalidAccessError',
    })
    await alice.setRemoteDescription(answer)
  })

  test('does not go back from what a provisional answer said', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    alice.createDataChannel('chat')
    await alice.setLocalDescription()
    await bob.setRemoteDescription(described(alice))
    await bob.setLocalDescription()
    const answer = described(bob)
    await alice.setRemoteDescription({ type: 'pranswer', sdp: change(answer.sdp, 'ice-pwd') })
    await expect(alice.setRemoteDescription(answer)).rejects.toMatchObject({ name: 'InvalidAccessError' })
  })

  test('keeps the roles (RFC 8445 §9), also where the other end asks for it', async () => {
    const { world, alice, bob } = await connected()
    const roles = (): unknown[] => [alice, bob].map((end) => end.transportStatistics?.ice.role)
    expect(roles()).toEqual(['controlling', 'controlled'])
    bob.restartIce()
    await negotiate(bob, alice)
    const isNominated = (end: RTCPeerConnection): boolean =>
      end.transportStatistics?.ice.pairs.some(({ nominated }) => nominated) === true
    await world.until(() => isNominated(alice) && isNominated(bob))
    expect(roles()).toEqual(['controlling', 'controlled'])
  })
})

describe('a=ice-pacing, RFC 8839 §5.5', () => {
  /** When checks leave `bob`, who has five candidates of nobody to check. */
  async function gapsOf(offerer: RTCConfiguration, answerer: RTCConfiguration) {
    const world = new SimWorld()
    const [alice, bob] = world.pair([offerer, answerer])
    alice.createDataChannel('chat')
    const times: number[] = []
    world.network.intercept(({ from, to }, bytes) => {
      const isCheck = StunMessage.decode(bytes)?.class === MessageClass.request
      if (isCheck && from.address === '192.168.0.2') times.push(world.sim.now)
      return to.address.startsWith('192.168.9.') ? 'drop' : 'pass'
    })
    await alice.setLocalDescription()
    const nobody = Array.from(
      { length: 8 },
      (_, i) => `a=candidate:${i} 1 udp 2130706431 192.168.9.${i + 1} 9 typ host\r\n`,
    ).join('')
    const offer = described(alice).sdp.replace(/^a=ice-ufrag/m, `${nobody}a=ice-ufrag`)
    await bob.setRemoteDescription({ type: 'offer', sdp: offer })
    await bob.setLocalDescription()
    for (let i = 0; i < 40; i++) await world.turn()
    const pacing = /^a=ice-pacing:(\d+)\r$/m
    return {
      gaps: times.slice(1).map((time, i) => time - times[i]!),
      told: [alice, bob].map((end) => pacing.exec(end.localDescription?.sdp ?? '')?.[1]),
    }
  }

  test('is not said by default, and is then 50 ms', async () => {
    const { gaps, told } = await gapsOf({}, {})
    expect(told).toEqual([undefined, undefined])
    expect(gaps.slice(4, 6)).toEqual([50, 50])
  })

  test.each([
    [{ pacing: 80 }, {}, ['80', undefined], 80],
    [{ pacing: 60 }, { pacing: 70 }, ['60', '70'], 70],
    [{ pacing: 20 }, { pacing: 30 }, ['20', '30'], 30],
    [{ pacing: 20 }, {}, ['20', undefined], 50],
  ] as const)('of %j and %j: the larger counts', async (offerer, answerer, expected, interval) => {
    const { gaps, told } = await gapsOf({ ice: offerer }, { ice: answerer })
    expect(told).toEqual(expected)
    expect(gaps.slice(4, 6)).toEqual([interval, interval])
  })

  test('is nothing that a lite agent says', async () => {
    const { told } = await gapsOf({ ice: { lite: true, pacing: 20 } }, {})
    expect(told).toEqual([undefined, undefined])
  })
})
