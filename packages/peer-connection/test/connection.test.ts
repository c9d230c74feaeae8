import { describe, expect, test } from '@jest/globals'

import { RTCPeerConnection as NodeConnection } from '../src/index.ts'
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

describe('configuration', () => {
  test.each([
    ['SyntaxError', { iceServers: [{ urls: 'http://example.org' }] }],
    ['SyntaxError', { iceServers: [{ urls: [] }] }],
    ['SyntaxError', { iceServers: [{ urls: 'stun:example.org:99999' }] }],
    ['InvalidAccessError', { iceServers: [{ urls: 'turn:example.org' }] }],
    ['InvalidAccessError', { iceServers: [{ urls: 'turn:example.org', username: 'u' }] }],
    ['NotSupportedError', { iceCandidatePoolSize: 1 }],
    ['TypeError', { iceTransportPolicy: 'some' as never }],
    ['TypeError', { rtcpMuxPolicy: 'negotiate' as never }],
    ['TypeError', 42 as never],
    ['TypeError', { iceServers: 'stun:example.org' as never }],
    ['TypeError', { iceServers: [{ url: 'stun:example.org' } as never] }],
    ['TypeError', { network: { addresses: ['localhost'] } }],
    ['TypeError', { network: { portRange: { min: 50_000, max: 49_000 } } }],
    ['TypeError', { network: { portRange: { min: 0, max: 70_000 } } }],
    ['TypeError', { network: { portRange: [50_000, 50_100] as never } }],
  ])('throws %s for %j', (name, configuration) => {
    expect(() => new NodeConnection(configuration)).toThrow(expect.objectContaining({ name }))
  })

  test('may be null, as Web IDL has it', async () => {
    const connection = new NodeConnection(null as never)
    expect(connection.getConfiguration().iceServers).toEqual([])
    await connection.createOffer()
    connection.close()
  })

  test('is handed out, and changes where it may', () => {
    const connection = new SimWorld().createConnection()
    expect(connection.getConfiguration()).toMatchObject({
      iceServers: [],
      iceTransportPolicy: 'all',
      bundlePolicy: 'balanced',
      rtcpMuxPolicy: 'require',
      iceCandidatePoolSize: 0,
    })
    connection.setConfiguration({ iceServers: [{ urls: 'stun:192.0.2.1' }], iceTransportPolicy: 'relay' })
    expect(connection.getConfiguration().iceTransportPolicy).toBe('relay')
    expect(() => connection.setConfiguration({ bundlePolicy: 'max-bundle' })).toThrow(
      expect.objectContaining({ name: 'InvalidModificationError' }),
    )
    connection.close()
    expect(() => connection.setConfiguration({})).toThrow(
      expect.objectContaining({ name: 'InvalidStateError' }),
    )
  })

  test('takes certificates, whose fingerprints the descriptions show', async () => {
    const certificate = await NodeConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
    expect(certificate.expires).toBeGreaterThan(Date.now())
    const connection = new NodeConnection({ certificates: [certificate] })
    connection.createDataChannel('x')
    const { sdp } = await connection.createOffer()
    const [fingerprint] = certificate.getFingerprints()
    expect(sdp).toContain(`a=fingerprint:sha-256 ${fingerprint?.value.toUpperCase() ?? ''}`)
    connection.close()
    await expect(NodeConnection.generateCertificate({ name: 'RSASSA-PKCS1-v1_5' })).rejects.toMatchObject({
      name: 'NotSupportedError',
    })
    const expired = await NodeConnection.generateCertificate({ name: 'ECDSA', expires: 0 })
    expect(() => new NodeConnection({ certificates: [expired] })).toThrow(
      expect.objectContaining({ name: 'InvalidAccessError' }),
    )
  })
})

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
