import { readFileSync } from 'node:fs'

import { nodeCrypto } from '@purertc/crypto/node'

import { type Certificate, type DtlsConfig, SrtpProfile } from '../../src/index.ts'
import { readCertificate } from '../../src/node/index.ts'
import { never } from './exchange.ts'
import { type Credential, type Options, Unimplemented } from './flags.ts'

/** The configuration that the runner's flags describe. Throws {@link Unimplemented}. */
export function configure(options: Options): DtlsConfig {
  const mtu = options.number('mtu')
  return {
    role: options.has('server') ? 'server' : 'client',
    crypto: nodeCrypto,
    certificate: readIdentity(options.default),
    verify: { certificate: () => !options.has('verify-fail') },
    cookie: 'verified-path',
    retransmitTimeout: options.number('initial-timeout-duration-ms') || boringsslTimeout,
    handshakeTimeout: 2 * never,
    maxHandshakeMessage: options.number('max-cert-list') || 100 * 1024,
    srtpProfiles: parseSrtpProfiles(options.text('srtp-profiles')),
    ...(mtu > 0 && { mtu }),
  }
}

function readIdentity({ certFile, keyFile }: Credential): Certificate {
  return readCertificate(readFileSync(certFile, 'utf8'), readFileSync(keyFile || certFile, 'utf8'))
}

function parseSrtpProfiles(names: string): number[] {
  if (names === '') return []
  return names.split(':').map((name) => {
    const profile = srtpProfiles[name]
    if (profile === undefined) throw new Unimplemented(`SRTP profile ${name}`)
    return profile
  })
}

const srtpProfiles: Readonly<Record<string, number>> = {
  SRTP_AES128_CM_SHA1_80: SrtpProfile.aes128CmHmacSha1_80,
  SRTP_AES128_CM_SHA1_32: SrtpProfile.aes128CmHmacSha1_32,
  SRTP_AEAD_AES_128_GCM: SrtpProfile.aeadAes128Gcm,
  SRTP_AEAD_AES_256_GCM: SrtpProfile.aeadAes256Gcm,
}

/** Milliseconds. The runner counts on it where it does not name another. */
const boringsslTimeout = 400
