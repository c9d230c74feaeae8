import { describe, expect, test } from '@jest/globals'

import { described, negotiate, SimWorld } from './support/sim-environment.ts'

describe('sctp', () => {
  test('shows association, DTLS and ICE with their states, and what the peer takes', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    const channel = alice.createDataChannel('x')
    expect(alice.sctp).toBeNull()
    await alice.setLocalDescription()
    expect(alice.sctp).toBeNull()
    await bob.setRemoteDescription(described(alice))
    await bob.setLocalDescription()
    const answer = described(bob).sdp.replace('max-message-size:262144', 'max-message-size:1000')
    await alice.setRemoteDescription({ type: 'answer', sdp: answer })
    const { sctp } = alice
    const dtls = sctp?.transport
    const ice = dtls?.iceTransport
    expect(sctp).toMatchObject({ state: 'connecting', maxMessageSize: 1_000, maxChannels: null })
    expect(dtls?.state).toBe('new')
    expect(dtls?.getRemoteCertificates()).toEqual([])
    expect(ice?.getSelectedCandidatePair()).toBeNull()
    const states: string[] = []
    for (const transport of [sctp, dtls, ice])
      transport?.addEventListener('statechange', () => states.push(transport.state))
    await world.until(() => channel.readyState === 'open')
    expect(states).toEqual(['checking', 'connected', 'connecting', 'completed', 'connected', 'connected'])
    expect(alice.sctp).toBe(sctp)
    expect(sctp).toMatchObject({ state: 'connected', maxChannels: 65_535 })
    expect(dtls?.getRemoteCertificates()[0]?.byteLength).toBeGreaterThan(200)
    expect(ice).toMatchObject({ role: 'controlling', gatheringState: 'complete', component: 'rtp' })
    expect(ice?.getSelectedCandidatePair()).toMatchObject({
      local: { address: '192.168.0.1', type: 'host' },
      remote: { address: '192.168.0.2' },
    })
    expect(() => channel.send(new Uint8Array(1_001))).toThrow(TypeError)
    alice.close()
    expect([sctp?.state, dtls?.state, ice?.state]).toEqual(['closed', 'closed', 'closed'])
  })
})

describe('getStats', () => {
  test('knows transport, pair, candidates, certificates and channels by their W3C names', async () => {
    const world = new SimWorld()
    const [alice, bob] = world.pair()
    expect([...(await alice.getStats()).keys()]).toEqual(['P'])
    const channel = alice.createDataChannel('counted', { protocol: 'x' })
    await negotiate(alice, bob)
    await world.until(() => channel.readyState === 'open' && alice.iceConnectionState === 'completed')
    channel.send('hello')
    await world.turn()
    const report = await alice.getStats()
    const all = [...report.values()]
    const one = (type: string): Record<string, unknown> => all.find((stats) => stats.type === type) ?? {}
    const transport = one('transport')
    expect(transport).toMatchObject({
      iceRole: 'controlling',
      iceState: 'completed',
      dtlsState: 'connected',
      dtlsRole: 'server',
      tlsVersion: 'FEFC',
      dtlsCipher: 'TLS_AES_128_GCM_SHA256',
    })
    expect(transport['bytesSent']).toBeGreaterThan(0)
    const pair = report.get(transport['selectedCandidatePairId'] as string)
    expect(pair).toMatchObject({ state: 'succeeded', nominated: true, currentRoundTripTime: 0.004 })
    expect(pair?.['requestsSent']).toBeGreaterThanOrEqual(2)
    expect(report.get(pair?.['localCandidateId'] as string)).toMatchObject({
      type: 'local-candidate',
      address: '192.168.0.1',
      candidateType: 'host',
      protocol: 'udp',
    })
    expect(report.get(pair?.['remoteCandidateId'] as string)).toMatchObject({ address: '192.168.0.2' })
    for (const id of ['localCertificateId', 'remoteCertificateId'])
      expect(report.get(transport[id] as string)).toMatchObject({ fingerprintAlgorithm: 'sha-256' })
    expect(one('data-channel')).toMatchObject({
      label: 'counted',
      protocol: 'x',
      state: 'open',
      messagesSent: 1,
      bytesSent: 5,
      messagesReceived: 0,
    })
    expect(one('peer-connection')).toMatchObject({ dataChannelsOpened: 1, dataChannelsClosed: 0 })
    for (const stats of all) expect(stats.timestamp).toBeGreaterThan(Date.UTC(2025, 0, 1))
  })
})
