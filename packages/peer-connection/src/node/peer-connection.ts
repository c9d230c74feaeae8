import { generateCertificate } from '@purertc/dtls/node'

import { notSupported } from '../errors.ts'
import { RTCCertificate } from '../w3c/certificate.ts'
import type { RTCConfiguration } from '../w3c/configuration.ts'
import { RTCPeerConnection as Connection } from '../w3c/peer-connection.ts'
import { nodeEnvironment } from './environment.ts'

/** The `AlgorithmIdentifier` of Web Cryptography, of which one is supported. */
export interface CertificateAlgorithm {
  readonly name: string
  readonly namedCurve?: string
  /** Milliseconds of validity; 30 days by default, at most a year. */
  readonly expires?: number
}

/**
 * A connection to one peer, WebRTC §4.4, for data.
 *
 * @example
 * const connection = new RTCPeerConnection({ iceServers: [{ urls: 'stun:stun.example.org' }] })
 * const channel = connection.createDataChannel('chat')
 * connection.onicecandidate = ({ candidate }) => signal({ candidate })
 * await connection.setLocalDescription()
 * signal({ description: connection.localDescription })
 */
export class RTCPeerConnection extends Connection {
  constructor(configuration: RTCConfiguration = {}) {
    super(configuration, nodeEnvironment)
  }

  /** A certificate for several connections. Rejects with NotSupportedError for anything but ECDSA with P-256. */
  static async generateCertificate(
    algorithm: CertificateAlgorithm | string = 'ECDSA',
  ): Promise<RTCCertificate> {
    const {
      name,
      namedCurve = 'P-256',
      expires = DEFAULT_LIFETIME,
    } = typeof algorithm === 'string' ? { name: algorithm } : algorithm
    if (name.toUpperCase() !== 'ECDSA' || namedCurve !== 'P-256')
      throw notSupported('certificates are made for ECDSA with P-256 only')
    const days = Math.min(expires, LONGEST_LIFETIME) / DAY
    return new RTCCertificate(await generateCertificate({ days }))
  }
}

const DAY = 86_400_000
const DEFAULT_LIFETIME = 30 * DAY
const LONGEST_LIFETIME = 365 * DAY
