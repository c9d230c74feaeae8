import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'

import type { DtlsConfig } from '../../src/config.ts'
import { EcPointFormats } from '../../src/extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../src/extensions/extended-master-secret.ts'
import { RenegotiationInfo } from '../../src/extensions/renegotiation-info.ts'
import { SignatureAlgorithms } from '../../src/extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { SupportedVersions } from '../../src/extensions/supported-versions.ts'
import { encodeClientKeyExchange } from '../../src/dtls12/messages/client-key-exchange.ts'
import { encodeServerHello } from '../../src/messages/server-hello.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientCertificate, serverCertificate } from '../pair.ts'
import { type Lie, Trial } from './liar.ts'
import {
  append,
  clientHello,
  corruptEnd,
  cutEnd,
  double,
  instead,
  omit,
  rawExtension,
  repeatLastExtension,
  say,
  swap,
  withExtension,
} from './lies.ts'

const { certificate, clientKeyExchange, certificateVerify, finished } = HandshakeType

const judge = (lie: Lie, config?: { honest?: Partial<DtlsConfig>; liar?: Partial<DtlsConfig> }): string =>
  new Trial('server', lie, config).verdict

/** Several lies in one. */
const both =
  (first: Lie, second: Lie): Lie =>
  (type, body, before) => {
    const said = first(type, body, before)
    return said instanceof Uint8Array ? second(type, said, before) : said
  }

test('an honest client is believed', () => {
  expect(judge((_type, body) => body)).toBe('connected')
})

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

describe('the certificate', () => {
  test('of somebody else, whose key the client has', () => {
    expect(judge((_type, body) => body, { liar: { certificate: serverCertificate } })).toBe(
      'certificate-refused: bad_certificate',
    )
  })

  test('of the right client, replayed by one that has another key', () => {
    const stolen = { ...serverCertificate, der: clientCertificate.der }
    expect(judge((_type, body) => body, { liar: { certificate: stolen } })).toBe(
      'bad-signature: decrypt_error',
    )
  })

  test('from an empty list', () => {
    const empty = say(certificate, Uint8Array.of(0, 0, 0))
    expect(judge(empty)).toBe('no-certificate: handshake_failure')
    expect(judge(both(empty, omit(certificateVerify)))).toBe('no-certificate: handshake_failure')
  })

  test('that is missing', () => {
    expect(judge(omit(certificate))).toBe('unexpected-message: unexpected_message')
  })

  test('that is garbage', () => {
    expect(judge(say(certificate, Uint8Array.of(0, 0, 7, 0, 0, 4, 1, 2, 3, 4)))).toBe(
      'bad-certificate: bad_certificate',
    )
  })
})

describe('ClientKeyExchange', () => {
  const p256 = clientHello(({ extensions }) => withExtension(extensions, SupportedGroups, [0x17]))

  test.each([
    ['an all-zero X25519 key', new Uint8Array(32)],
    ['an X25519 key of order 1', Uint8Array.of(1, ...new Uint8Array(31))],
    ['a long X25519 key', new Uint8Array(33).fill(9)],
  ])('with %s', (_name, publicKey) => {
    expect(judge(say(clientKeyExchange, encodeClientKeyExchange({ identity: null, publicKey })))).toBe(
      'invalid-public-key: illegal_parameter',
    )
  })

  test.each([
    ['a point that is not on P-256', Uint8Array.of(4, ...new Uint8Array(64).fill(1))],
    ['a compressed point', Uint8Array.of(2, ...new Uint8Array(32).fill(1))],
    ['the point at infinity', Uint8Array.of(0)],
    ['an X25519 key in its place', new Uint8Array(32).fill(9)],
  ])('with %s', (_name, publicKey) => {
    expect(
      judge(both(p256, say(clientKeyExchange, encodeClientKeyExchange({ identity: null, publicKey })))),
    ).toBe('invalid-public-key: illegal_parameter')
  })

  test('with P-256, honestly', () => {
    expect(judge(p256)).toBe('connected')
  })

  test('without key', () => {
    expect(judge(say(clientKeyExchange, Uint8Array.of(0)))).toBe('decode: decode_error')
    expect(judge(say(clientKeyExchange, new Uint8Array(0)))).toBe('decode: decode_error')
  })

  test('that is missing', () => {
    expect(judge(omit(clientKeyExchange))).toBe('unexpected-message: unexpected_message')
  })
})

describe('CertificateVerify', () => {
  test('with a corrupted signature', () => {
    expect(judge(corruptEnd(certificateVerify))).toBe('bad-signature: decrypt_error')
  })

  test('that is missing', () => {
    expect(judge(omit(certificateVerify))).toBe('unexpected-message: unexpected_message')
  })

  test('without signature', () => {
    expect(judge(say(certificateVerify, Uint8Array.of(4, 3, 0, 0)))).toBe('bad-signature: decrypt_error')
  })

  test('of another handshake', () => {
    let former = new Uint8Array(0)
    judge(instead(certificateVerify, (body) => (former = body.slice())))
    expect(judge(say(certificateVerify, former))).toBe('bad-signature: decrypt_error')
  })

  test('over one message less', () => {
    const lie = instead(certificateVerify, (_body, before) => {
      const signature = clientCertificate.privateKey.sign('ecdsa_secp256r1_sha256', before.subarray(0, -45))
      return concatBytes(Uint8Array.of(4, 3, 0, signature.length), signature)
    })
    expect(judge(lie)).toBe('bad-signature: decrypt_error')
  })

  test('by a scheme that was not asked for', () => {
    const lie = instead(certificateVerify, (body) => concatBytes(Uint8Array.of(2, 3), body.subarray(2)))
    expect(judge(lie)).toBe('illegal-parameter: illegal_parameter')
  })
})

describe('the flight as a whole', () => {
  test.each([
    ['Certificate', certificate],
    ['ClientKeyExchange', clientKeyExchange],
    ['CertificateVerify', certificateVerify],
  ])('with %s twice', (_name, type) => {
    expect(judge(double(type))).toBe('unexpected-message: unexpected_message')
  })

  test.each([
    ['Certificate', certificate],
    ['ClientKeyExchange', clientKeyExchange],
    ['CertificateVerify', certificateVerify],
  ])('with a byte too many or too few in %s', (_name, type) => {
    expect(judge(append(type))).toBe('decode: decode_error')
    expect(judge(cutEnd(type))).toBe('decode: decode_error')
  })

  test('out of order', () => {
    expect(judge(swap(certificate, clientKeyExchange))).toBe('unexpected-message: unexpected_message')
    expect(judge(swap(clientKeyExchange, certificateVerify))).toBe('unexpected-message: unexpected_message')
  })
})

describe('Finished', () => {
  test('with wrong verify_data', () => {
    expect(judge(corruptEnd(finished))).toBe('bad-finished: decrypt_error')
  })

  test('of another length', () => {
    expect(judge(append(finished))).toBe('bad-finished: decrypt_error')
    expect(judge(cutEnd(finished))).toBe('bad-finished: decrypt_error')
    expect(judge(say(finished, new Uint8Array(0)))).toBe('bad-finished: decrypt_error')
  })

  test('twice', () => {
    expect(judge(double(finished))).toBe('connected, then unexpected-message: unexpected_message')
  })

  test('with another message in its place, under the new keys', () => {
    expect(judge(instead(finished, (body) => [[HandshakeType.helloRequest, body]]))).toBe(
      'unexpected-message: unexpected_message',
    )
  })

  test('that is missing leaves the server waiting', () => {
    expect(judge(omit(finished))).toBe('waiting')
  })

  test('in the clear is none, and the true one still counts', () => {
    const trial = new Trial('server', omit(finished))
    // What an attacker could send: type, length 12, message_seq 5, the whole of it.
    const forged = Uint8Array.of(20, 0, 0, 12, 0, 4, 0, 0, 0, 0, 0, 12, ...new Uint8Array(12))
    trial.liar.sendPlaintext(22, forged)
    trial.settle()
    expect(trial.verdict).toBe('waiting')
    expect(trial.honest.association.discarded.get('wrong-epoch')).toBe(1)
  })
})
