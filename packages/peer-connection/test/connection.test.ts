import { describe, expect, test } from '@jest/globals'

import type { RTCPeerConnection } from '../src/w3c/peer-connection.ts'
import { described, negotiate, SimWorld } from './support/sim-environment.ts'

/** Offer and answer with the descriptions changed on the way. */
async function negotiateWith(
  offerer: RTCPeerConnection,
  answerer: RTCPeerConnection,
  change: { offer?: (sdp: string) => string; answer?: (sdp: string) => string },
): Promise<void> {
  await offerer.setLocalDescription()
  const offer = described(offerer)
  await answerer.setRemoteDescription({ ...offer, sdp: change.offer?.(offer.sdp) ?? offer.sdp })
  await answerer.setLocalDescription()
  const answer = described(answerer)
  await offerer.setRemoteDescription({ ...answer, sdp: change.answer?.(answer.sdp) ?? answer.sdp })
}

describe('the states of a connection', () => {
  test('go from new to connected and to closed, with an event for each change but the last', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const states: string[] = []
    alice.onconnectionstatechange = () => states.push(alice.connectionState)
    alice.oniceconnectionstatechange = () => states.push(`ice ${alice.iceConnectionState}`)
    alice.onicegatheringstatechange = () => states.push(`gathering ${alice.iceGatheringState}`)
    const channel = alice.createDataChannel('x')
    expect([alice.connectionState, alice.iceConnectionState, alice.iceGatheringState]).toEqual([
      'new',
      'new',
      'new',
    ])
    await negotiate(alice, bob)
    await world.until(() => channel.readyState === 'open')
    await world.until(() => alice.iceConnectionState === 'completed')
    expect(states).toEqual([
      'gathering gathering',
      'gathering complete',
      'ice checking',
      'connecting',
      'ice connected',
      'ice completed',
      'connected',
    ])
    alice.close()
    alice.close()
    await world.turn()
    expect([alice.connectionState, alice.iceConnectionState, alice.signalingState]).toEqual([
      'closed',
      'closed',
      'closed',
    ])
    expect(states).toHaveLength(7)
    bob.close()
  })

  test('become disconnected and then failed when the path breaks, and a restart repairs them', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const channel = alice.createDataChannel('x')
    await negotiate(alice, bob)
    await world.until(() => channel.readyState === 'open' && alice.iceConnectionState === 'completed')
    world.network.intercept(() => 'drop')
    await world.until(() => alice.connectionState === 'disconnected')
    await world.until(() => alice.connectionState === 'failed' && bob.connectionState === 'failed')
    world.network.intercept(null)
    alice.restartIce()
    await negotiate(alice, bob)
    await world.until(() => alice.connectionState === 'connected')
    expect(channel.readyState).toBe('open')
  })

  test('can be handled by on… attributes, which are replaced and removed', async () => {
    const [alice] = new SimWorld().pair()
    const heard: string[] = []
    expect(alice.onsignalingstatechange).toBeNull()
    const first = (): number => heard.push('first')
    alice.onsignalingstatechange = first
    expect(alice.onsignalingstatechange).toBe(first)
    alice.addEventListener(
      'signalingstatechange',
      { handleEvent: () => heard.push('listener') },
      { once: true },
    )
    alice.onsignalingstatechange = function () {
      heard.push(`second ${this === alice}`)
    }
    await alice.setLocalDescription()
    // The attribute keeps the place it took first (HTML §8.1.8.1).
    expect(heard).toEqual(['second true', 'listener'])
    alice.onsignalingstatechange = null
    await alice.setLocalDescription({ type: 'rollback' })
    expect(heard).toHaveLength(2)
    alice.onsignalingstatechange = 'nothing' as never
    expect(alice.onsignalingstatechange).toBeNull()
  })
})

describe('who is not the peer', () => {
  const otherFingerprint = (sdp: string): string =>
    sdp.replace(
      /a=fingerprint:sha-256 ..:/,
      (line) => `${line.slice(0, -3)}${line.endsWith('00:') ? '01' : '00'}:`,
    )

  test.each(['offer', 'answer'] as const)(
    'a certificate of another fingerprint than the %s has ends in failed, without data',
    async (which) => {
      const world = new SimWorld()
      const [alice, bob] = world.pair()
      const channel = alice.createDataChannel('x')
      const errors: string[] = []
      channel.onerror = ({ error }) => errors.push(error.errorDetail)
      let announced = 0
      bob.ondatachannel = () => announced++
      await negotiateWith(alice, bob, { [which]: otherFingerprint })
      await world.until(() => alice.connectionState === 'failed' && bob.connectionState === 'failed')
      expect(channel.readyState).toBe('closed')
      expect(errors).toEqual([which === 'answer' ? 'fingerprint-failure' : 'dtls-failure'])
      expect(announced).toBe(0)
    },
  )

  test('a password that is wrong ends in failed, and DTLS never begins', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    alice.createDataChannel('x')
    const wrong = (sdp: string): string => sdp.replace(/a=ice-pwd:.*/, `a=ice-pwd:${'x'.repeat(24)}`)
    await negotiateWith(alice, bob, { offer: wrong, answer: wrong })
    await world.until(() => alice.connectionState === 'failed' && bob.connectionState === 'failed')
    expect(alice.transportStatistics?.dtls.state).toBe('new')
  })

  test.each(['md5', 'sha-1'])('a fingerprint of %s alone is not accepted', async (algorithm) => {
    const [alice, bob] = new SimWorld().pair()
    alice.createDataChannel('x')
    await alice.setLocalDescription()
    const { sdp } = described(alice)
    const weak = sdp.replace(/a=fingerprint:sha-256 /, `a=fingerprint:${algorithm} `)
    await expect(bob.setRemoteDescription({ type: 'offer', sdp: weak })).rejects.toMatchObject({
      name: 'InvalidAccessError',
    })
  })
})

describe('DTLS roles', () => {
  test.each([
    ['actpass', 'active', 'server'],
    ['active', 'passive', 'client'],
    ['passive', 'active', 'server'],
  ] as const)('an offer of %s is answered by %s', async (offered, answered, role) => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const channel = alice.createDataChannel('x')
    await negotiateWith(alice, bob, {
      offer: (sdp) => sdp.replace('a=setup:actpass', `a=setup:${offered}`),
      answer: (sdp) => {
        expect(sdp).toContain(`a=setup:${answered}`)
        return sdp
      },
    })
    await world.until(() => channel.readyState === 'open')
    expect(alice.transportStatistics?.dtls.role).toBe(role)
    // A later negotiation keeps the roles (RFC 8842 §5.5), whoever makes it.
    await negotiate(bob, alice)
    expect(described(alice).sdp).toContain(role === 'server' ? 'a=setup:passive' : 'a=setup:active')
  })

  test('an answer that chooses none is refused', async () => {
    const [alice, bob] = new SimWorld().pair()
    alice.createDataChannel('x')
    const answer = (sdp: string): string => sdp.replace('a=setup:active', 'a=setup:actpass')
    await expect(negotiateWith(alice, bob, { answer })).rejects.toMatchObject({ name: 'InvalidAccessError' })
  })
})
