import { describe, expect, test } from '@jest/globals'

import { RTCPeerConnection } from '../src/index.ts'
import { SimWorld } from './support/sim-environment.ts'

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
    expect(() => new RTCPeerConnection(configuration)).toThrow(expect.objectContaining({ name }))
  })

  test('may be null, as Web IDL has it', async () => {
    const connection = new RTCPeerConnection(null as never)
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
    const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
    expect(certificate.expires).toBeGreaterThan(Date.now())
    const connection = new RTCPeerConnection({ certificates: [certificate] })
    connection.createDataChannel('x')
    const { sdp } = await connection.createOffer()
    const [fingerprint] = certificate.getFingerprints()
    expect(sdp).toContain(`a=fingerprint:sha-256 ${fingerprint?.value.toUpperCase() ?? ''}`)
    connection.close()
    await expect(RTCPeerConnection.generateCertificate({ name: 'RSASSA-PKCS1-v1_5' })).rejects.toMatchObject({
      name: 'NotSupportedError',
    })
    const expired = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', expires: 0 })
    expect(() => new RTCPeerConnection({ certificates: [expired] })).toThrow(
      expect.objectContaining({ name: 'InvalidAccessError' }),
    )
  })
})
