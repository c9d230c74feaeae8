import { describe, expect, test } from '@jest/globals'

import type { DtlsConfig } from '../../src/config.ts'
import { EcPointFormats } from '../../src/extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../src/extensions/extended-master-secret.ts'
import { RenegotiationInfo } from '../../src/extensions/renegotiation-info.ts'
import { UseSrtp } from '../../src/extensions/use-srtp.ts'
import { encodeHelloVerifyRequest } from '../../src/dtls12/messages/hello-verify-request.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { SrtpProfile } from '../../src/protocol/srtp-profile.ts'
import { Trial } from './liar.ts'
import type { Lie } from './trial.ts'
import { instead, rawExtension, repeatLastExtension, serverHello, withExtension } from './lies.ts'

const { helloVerifyRequest, certificate } = HandshakeType

const judge = (lie: Lie, config?: { honest?: Partial<DtlsConfig>; liar?: Partial<DtlsConfig> }): string =>
  new Trial('client', lie, config).verdict

describe('ServerHello', () => {
  test.each([
    ['DTLS 1.0', { version: 0xfeff }, 'unsupported-version: protocol_version'],
    ['DTLS 1.3', { version: 0xfefc }, 'unsupported-version: protocol_version'],
    ['a suite that was not offered', { cipherSuite: 0xc0ae }, 'illegal-parameter: illegal_parameter'],
    ['the SCSV as a suite', { cipherSuite: 0x00ff }, 'illegal-parameter: illegal_parameter'],
    ['compression', { compressionMethod: 1 }, 'illegal-parameter: illegal_parameter'],
  ])('that chooses %s', (_name, change, verdict) => {
    expect(judge(serverHello(() => change))).toBe(verdict)
  })

  test('without the extended master secret', () => {
    expect(judge(serverHello(({ extensions }) => withExtension(extensions, ExtendedMasterSecret)))).toBe(
      'no-extended-master-secret: handshake_failure',
    )
  })

  test('with a wrong extended_master_secret', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, rawExtension(23), Uint8Array.of(1)))
    expect(judge(lie)).toBe('decode: decode_error')
  })

  test.each([35, 16, 43, 51, 0x0a0a])('with extension %i, which was not offered', (type) => {
    expect(
      judge(
        serverHello(({ extensions }) => withExtension(extensions, rawExtension(type), new Uint8Array(0))),
      ),
    ).toBe('unsolicited-extension: unsupported_extension')
  })

  test('with an extension twice', () => {
    const lie = instead(HandshakeType.serverHello, (body) => repeatLastExtension(body, 38, 4 + 2))
    expect(judge(lie)).toBe('decode: decode_error')
  })

  test('with renegotiation_info of another handshake', () => {
    const lie = serverHello(({ extensions }) =>
      withExtension(extensions, RenegotiationInfo, new Uint8Array(12)),
    )
    expect(judge(lie)).toBe('bad-renegotiation-info: handshake_failure')
  })

  test('without renegotiation_info is taken, since we never renegotiate', () => {
    expect(judge(serverHello(({ extensions }) => withExtension(extensions, RenegotiationInfo)))).toBe(
      'connected',
    )
  })

  test('with compressed points only', () => {
    expect(judge(serverHello(({ extensions }) => withExtension(extensions, EcPointFormats, [1])))).toBe(
      'illegal-parameter: illegal_parameter',
    )
  })

  test.each([
    ['a profile that was not offered', [SrtpProfile.aeadAes256Gcm], []],
    ['two profiles', [SrtpProfile.aeadAes128Gcm, SrtpProfile.aeadAes128Gcm], []],
    ['an MKI', [SrtpProfile.aeadAes128Gcm], [1]],
  ])('with use_srtp of %s', (_name, profiles, mki) => {
    const srtp = { profiles, mki: Uint8Array.from(mki) }
    const lie = serverHello(({ extensions }) => withExtension(extensions, UseSrtp, srtp))
    expect(judge(lie, { honest: { srtpProfiles: [SrtpProfile.aeadAes128Gcm] } })).toBe(
      'illegal-parameter: illegal_parameter',
    )
  })

  test('with use_srtp that was not offered', () => {
    const srtp = { profiles: [SrtpProfile.aeadAes128Gcm], mki: new Uint8Array(0) }
    expect(judge(serverHello(({ extensions }) => withExtension(extensions, UseSrtp, srtp)))).toBe(
      'unsolicited-extension: unsupported_extension',
    )
  })
})

describe('HelloVerifyRequest', () => {
  const cookie = encodeHelloVerifyRequest(0xfeff, { cookie: new Uint8Array(8) })

  test('after ServerHello', () => {
    expect(judge(instead(certificate, () => [[helloVerifyRequest, cookie]]))).toBe(
      'unexpected-message: unexpected_message',
    )
  })

  test('without end', () => {
    const lie = instead(HandshakeType.serverHello, () =>
      Array.from({ length: 6 }, () => [helloVerifyRequest, cookie] as const),
    )
    const trial = new Trial('client', lie)
    expect(trial.verdict).toBe('unexpected-message: unexpected_message')
    // The first ClientHello, one for each of four cookies, and the alert.
    expect(trial.toLiar.sent).toBe(1 + 4 + 1)
  })
})
