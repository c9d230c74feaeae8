import { describe, expect, test } from '@jest/globals'

import type { DtlsConfig } from '../../src/config.ts'
import { EcPointFormats } from '../../src/extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../src/extensions/extended-master-secret.ts'
import { RenegotiationInfo } from '../../src/extensions/renegotiation-info.ts'
import { SignatureAlgorithms } from '../../src/extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { SupportedVersions } from '../../src/extensions/supported-versions.ts'
import { encodeServerHello } from '../../src/messages/server-hello.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { Trial } from './liar.ts'
import type { Lie } from './trial.ts'
import {
  append,
  clientHello,
  cutEnd,
  double,
  instead,
  rawExtension,
  repeatLastExtension,
  withExtension,
} from './lies.ts'

const judge = (lie: Lie, config?: { honest?: Partial<DtlsConfig>; liar?: Partial<DtlsConfig> }): string =>
  new Trial('server', lie, config).verdict

describe('ClientHello', () => {
  test.each([
    ['DTLS 1.0 only', { version: 0xfeff }, 'unsupported-version: protocol_version'],
    ['TLS', { version: 0x0303 }, 'unsupported-version: protocol_version'],
    [
      'other suites only',
      { cipherSuites: [0xc02f, 0xc030, 0x00a8, 0xc0ae, 0x00ff] },
      'no-common-parameters: handshake_failure',
    ],
    ['compression only', { compressionMethods: Uint8Array.of(1) }, 'illegal-parameter: illegal_parameter'],
    ['no compression method', { compressionMethods: new Uint8Array(0) }, 'decode: decode_error'],
    ['no suite', { cipherSuites: [] }, 'decode: decode_error'],
    ['a session id of 33 bytes', { sessionId: new Uint8Array(33) }, 'decode: decode_error'],
  ])('that offers %s', (_name, change, verdict) => {
    expect(judge(clientHello(() => change))).toBe(verdict)
  })

  test('of a higher version than ours is answered with ours', () => {
    expect(judge(clientHello(() => ({ version: 0xfefc })))).toBe('connected')
  })

  test('that lists versions means what it lists', () => {
    const listing = (versions: number[]): Lie =>
      clientHello(({ extensions }) => withExtension(extensions, SupportedVersions, versions))
    expect(judge(listing([0xfefc]))).toBe('unsupported-version: protocol_version')
    expect(judge(listing([0xfefc, 0x7a7a, 0xfefd]))).toBe('connected')
  })

  test.each([
    [
      'without the extended master secret',
      ExtendedMasterSecret,
      'no-extended-master-secret: handshake_failure',
    ],
    [
      'without signature_algorithms, which means SHA-1',
      SignatureAlgorithms,
      'no-common-parameters: handshake_failure',
    ],
  ])('%s', (_name, codec, verdict) => {
    const lie = clientHello(({ extensions }) => withExtension<unknown>(extensions, codec))
    expect(judge(lie)).toBe(verdict)
  })

  test('with a wrong extended_master_secret', () => {
    const lie = clientHello(({ extensions }) => withExtension(extensions, rawExtension(23), Uint8Array.of(1)))
    expect(judge(lie)).toBe('decode: decode_error')
  })

  test('without extensions', () => {
    expect(judge(clientHello(() => ({ extensions: new Extensions() })))).toBe(
      'no-extended-master-secret: handshake_failure',
    )
  })

  test('without supported_groups takes P-256', () => {
    const trial = new Trial(
      'server',
      clientHello(({ extensions }) => withExtension(extensions, SupportedGroups)),
    )
    expect(trial.verdict).toBe('connected')
    expect(trial.honest.session?.group?.name).toBe('p-256')
  })

  test('with groups, signature schemes or point formats that we do not share', () => {
    const offering = (codec: typeof SupportedGroups, list: number[]): Lie =>
      clientHello(({ extensions }) => withExtension(extensions, codec, list))
    expect(judge(offering(SupportedGroups, [0x19, 0x0a0a]))).toBe('no-common-parameters: handshake_failure')
    // RFC 8422 §5.1.1: nor can it take a certificate on a curve that it does not list.
    expect(judge(offering(SupportedGroups, [0x1d]))).toBe('no-common-parameters: handshake_failure')
    expect(judge(offering(SignatureAlgorithms, [0x0804, 0x0201]))).toBe(
      'no-common-parameters: handshake_failure',
    )
    expect(judge(offering(EcPointFormats, [1, 2]))).toBe('illegal-parameter: illegal_parameter')
  })

  test('with GREASE and extensions that nobody knows', () => {
    const lie = clientHello(({ extensions, cipherSuites }) => ({
      cipherSuites: [0x0a0a, ...cipherSuites, 0xfafa],
      ...withExtension(
        withExtension(extensions, rawExtension(0x1a1a), new Uint8Array(0)).extensions,
        rawExtension(0xeaea),
        Uint8Array.of(0),
      ),
    }))
    expect(judge(lie)).toBe('connected')
  })

  test('with a malformed extension that we read', () => {
    const lie = clientHello(({ extensions }) =>
      withExtension(extensions, rawExtension(10), Uint8Array.of(0, 3, 0)),
    )
    expect(judge(lie)).toBe('decode: decode_error')
  })

  test('with an extension twice', () => {
    const listAt = 2 + 32 + 1 + 1 + (2 + 6 * 2) + 2
    const lie = instead(HandshakeType.clientHello, (body) => repeatLastExtension(body, listAt, 4 + 2 + 9 * 2))
    expect(judge(lie)).toBe('decode: decode_error')
  })

  test('with renegotiation_info of another handshake', () => {
    const lie = clientHello(({ extensions }) =>
      withExtension(extensions, RenegotiationInfo, new Uint8Array(12)),
    )
    expect(judge(lie)).toBe('bad-renegotiation-info: handshake_failure')
  })

  test('with the SCSV instead of renegotiation_info', () => {
    const lie = clientHello(({ extensions, cipherSuites }) => ({
      cipherSuites: [...cipherSuites, 0x00ff],
      ...withExtension(extensions, RenegotiationInfo),
    }))
    expect(judge(lie)).toBe('connected')
  })

  test('with a byte too many or too few', () => {
    expect(judge(append(HandshakeType.clientHello))).toBe('decode: decode_error')
    expect(judge(cutEnd(HandshakeType.clientHello))).toBe('decode: decode_error')
  })

  test('that is none', () => {
    const hello = encodeServerHello({
      version: 0xfefd,
      random: new Uint8Array(32),
      sessionId: new Uint8Array(0),
      cipherSuite: 0xc02b,
      compressionMethod: 0,
      extensions: new Extensions(),
    })
    const trial = new Trial(
      'server',
      instead(HandshakeType.clientHello, () => [[HandshakeType.serverHello, hello]]),
    )
    expect(trial.verdict).toBe('waiting')
    expect(trial.honest.association.discarded.snapshot()).toEqual({ 'no-client-hello': 1 })
    expect(trial.honest.association.state).toBe('new')
  })

  test('twice', () => {
    expect(judge(double(HandshakeType.clientHello))).toBe('unexpected-message: unexpected_message')
  })
})
