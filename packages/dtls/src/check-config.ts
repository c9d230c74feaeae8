import { toUtf8 } from '@purertc/bytes'

import { decisiveFingerprints } from './certificate/fingerprint.ts'
import { DtlsError } from './errors.ts'
import { minRecordSizeLimit } from './extensions/record-size-limit.ts'
import { curvesOf } from './protocol/named-group.ts'
import { ProtocolVersion } from './protocol/protocol-version.ts'
import type { ResolvedConfig } from './resolved-config.ts'

/** Throws {@link DtlsError} `invalid-config` where no association could come of it, or one that is not what it seems. */
export function checkConfig(config: ResolvedConfig): void {
  checkVersions(config)
  checkIdentities(config)
  checkNumbers(config)
}

function checkVersions({ versions: { min, max }, groups }: ResolvedConfig): void {
  // The numbers count down.
  if (min < max || min > ProtocolVersion.dtls12 || max < ProtocolVersion.dtls13)
    invalid('versions must be a range within DTLS 1.2 and 1.3')
  if (max === ProtocolVersion.dtls12 && curvesOf(groups).length === 0) invalid('no group for DTLS 1.2')
}

function checkIdentities(config: ResolvedConfig): void {
  const { role, verify, certificates, clientCertificate, serverPsk } = config
  // Without a fingerprint that counts, nobody could connect; an empty list must not look like "anybody".
  if ('fingerprints' in verify && decisiveFingerprints(verify.fingerprints).length === 0)
    invalid('no fingerprint of SHA-256, SHA-384 or SHA-512 to verify the peer with')
  if ('authorities' in verify && verify.authorities.isEmpty) invalid('no authority to verify the peer with')
  if (config.ownCertificateTypes.length === 0 || config.peerCertificateTypes.length === 0)
    invalid('no certificate type')
  if (config.peerCertificateTypes.includes('raw-public-key') && !('publicKeys' in verify))
    invalid('bare keys are verified by `publicKeys`')
  if ('publicKeys' in verify && verify.publicKeys.length === 0) invalid('no key to verify the peer with')
  if ('anonymous' in verify && (role === 'client' || clientCertificate !== 'none'))
    invalid('anonymous peers are for servers that ask for no certificate')
  if ('psk' in verify && clientCertificate !== 'none')
    invalid('certificates cannot be verified by a shared key')
  if (role === 'server' && certificates.length === 0 && serverPsk === null)
    invalid('a server needs a certificate or shared keys')
}

function checkNumbers(config: ResolvedConfig): void {
  if (config.role === 'server' && config.cookie === 'required' && config.clientAddress === '')
    invalid('a server that requires a cookie needs clientAddress')
  if (!(config.mtu >= minMtu && config.mtu <= maxMtu)) invalid(`mtu must be ${minMtu} to ${maxMtu}`)
  if (!(config.maxHandshakeMessage >= 1_024)) invalid('maxHandshakeMessage must be at least 1024')
  const { recordSizeLimit: limit } = config
  if (!Number.isInteger(limit) || limit < minRecordSizeLimit || limit > maxRecordSizeLimit)
    invalid(`recordSizeLimit must be ${minRecordSizeLimit} to ${maxRecordSizeLimit}`)
  if (!(config.retransmitTimeout > 0)) invalid('retransmitTimeout must be positive')
  if (!(config.handshakeTimeout > 0)) invalid('handshakeTimeout must be positive')
  for (const name of config.alpn)
    if (name === '' || toUtf8(name).length > 255)
      invalid('names of application protocols have 1 to 255 bytes')
}

/** Throws {@link DtlsError} `invalid-config`. */
export function invalid(message: string): never {
  throw new DtlsError('invalid-config', message)
}

/** What a ClientHello must bring in one fragment for a stateless answer: all up to its extensions, with its headers. */
export const minMtu = 160
/** Bytes of UDP payload over IPv4. */
export const maxMtu = 65_507
/** All that a record of DTLS 1.3 can have, with the content's type. */
export const maxRecordSizeLimit = 16_385
