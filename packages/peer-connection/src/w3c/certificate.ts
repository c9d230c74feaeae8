import type { Certificate } from '@purertc/dtls'
import { toHex } from '@purertc/bytes'

export interface RTCDtlsFingerprint {
  readonly algorithm: string
  /** Lower-case hexadecimal with colons. */
  readonly value: string
}

/** An identity for connections, WebRTC §4.9. Made by `RTCPeerConnection.generateCertificate`. */
export class RTCCertificate {
  readonly #certificate: Certificate

  constructor(certificate: Certificate) {
    this.#certificate = certificate
  }

  /** Milliseconds since 1970. */
  get expires(): number {
    return this.#certificate.expires
  }

  getFingerprints(): RTCDtlsFingerprint[] {
    const { algorithm, value } = this.#certificate.fingerprint('sha-256')
    return [{ algorithm, value: toHex(value, ':') }]
  }

  /** The certificate of the layers below. Not in the W3C API. */
  get dtls(): Certificate {
    return this.#certificate
  }
}
