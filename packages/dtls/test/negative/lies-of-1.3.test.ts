import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'

import { type DtlsConfig, ProtocolVersion } from '../../src/index.ts'
import {
  decodeEncryptedExtensions,
  encodeEncryptedExtensions,
} from '../../src/dtls13/messages/encrypted-extensions.ts'
import { ClientKeyShares, ServerKeyShare } from '../../src/extensions/key-share.ts'
import { SelectedVersion } from '../../src/extensions/supported-versions.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientCertificate, serverCertificate } from '../pair.ts'
import { Trial } from '../dtls13/liar.ts'
import type { Lie } from './liar.ts'
import {
  append,
  clientHello,
  corruptEnd,
  cutEnd,
  double,
  instead,
  omit,
  rawExtension,
  say,
  serverHello,
  swap,
  withExtension,
} from './lies.ts'

const { encryptedExtensions, certificateRequest, certificate, certificateVerify, finished } = HandshakeType
const unexpected = 'unexpected-message: unexpected_message'
const illegal = 'illegal-parameter: illegal_parameter'

type Config = { readonly honest?: Partial<DtlsConfig>; readonly liar?: Partial<DtlsConfig> }
const client = (lie?: Lie, config?: Config): string => new Trial('client', lie, config).judgement
const server = (lie?: Lie, config?: Config): string => new Trial('server', lie, config).judgement

/** Extensions of EncryptedExtensions with one more. */
const answering = (type: number): Lie =>
  instead(encryptedExtensions, (body) =>
    encodeEncryptedExtensions(decodeEncryptedExtensions(body).set(rawExtension(type), new Uint8Array(0))),
  )

describe('who tells the truth in DTLS 1.3', () => {
  test.each(['client', 'server'] as const)('is believed by a %s', (role) => {
    const trial = new Trial(role)
    expect(trial.judgement).toBe('connected')
    expect(trial.honest.session?.version).toBe(ProtocolVersion.dtls13)
  })
})

describe('a client of DTLS 1.3 refuses a server', () => {
  test.each([
    ['whose Finished is wrong', corruptEnd(finished), 'bad-finished: decrypt_error'],
    ['whose Finished is too short', cutEnd(finished), 'bad-finished: decrypt_error'],
    ['whose Finished is too long', append(finished), 'bad-finished: decrypt_error'],
    ['with a second Finished', double(finished), unexpected],
    ['whose CertificateVerify is wrong', corruptEnd(certificateVerify), 'bad-signature: decrypt_error'],
    ['whose CertificateVerify is too long', append(certificateVerify), 'decode: decode_error'],
    ['without CertificateVerify', omit(certificateVerify), unexpected],
    ['without Certificate', omit(certificate), unexpected],
    ['without certificate in it', say(certificate, Uint8Array.of(0, 0, 0, 0)), 'decode: decode_error'],
    ['without EncryptedExtensions', omit(encryptedExtensions), unexpected],
    ['with EncryptedExtensions twice', double(encryptedExtensions), unexpected],
    ['with Certificate twice', double(certificate), unexpected],
    ['with CertificateVerify twice', double(certificateVerify), unexpected],
    ['that puts the signature before the certificate', swap(certificate, certificateVerify), unexpected],
    ['that asks for a certificate too late', swap(certificateRequest, certificate), unexpected],
    ['that answers what was not asked', answering(0x7a7a), 'unsolicited-extension: unsupported_extension'],
    ['that answers heartbeat', answering(15), 'unsolicited-extension: unsupported_extension'],
    ['whose EncryptedExtensions go on', append(encryptedExtensions), 'decode: decode_error'],
    [
      'that says another message altogether',
      instead(encryptedExtensions, (body) => [[HandshakeType.serverHelloDone, body]]),
      unexpected,
    ],
  ])('%s', (_name, lie, verdict) => {
    expect(client(lie)).toBe(verdict)
  })

  test.each([
    ['a suite that was not offered', serverHello(() => ({ cipherSuite: 0x1305 }))],
    ['a suite of DTLS 1.2', serverHello(() => ({ cipherSuite: 0xc02b }))],
    ['compression', serverHello(() => ({ compressionMethod: 1 }))],
    ['a session id that the client never had', serverHello(() => ({ sessionId: Uint8Array.of(1) }))],
    [
      'a version that is none',
      serverHello(({ extensions }) => withExtension(extensions, SelectedVersion, 0xfefb)),
    ],
    [
      'a key of a group that was not offered',
      serverHello(({ extensions }) =>
        withExtension(extensions, ServerKeyShare, { group: 0x0019, keyExchange: new Uint8Array(133) }),
      ),
    ],
    [
      'an X25519 key that makes the secret zero',
      serverHello(({ extensions }) =>
        withExtension(extensions, ServerKeyShare, { group: 0x001d, keyExchange: new Uint8Array(32) }),
      ),
    ],
    [
      'a point that is not on its curve',
      serverHello(({ extensions }) =>
        withExtension(extensions, ServerKeyShare, {
          group: 0x0017,
          keyExchange: concatBytes(Uint8Array.of(4), new Uint8Array(64).fill(1)),
        }),
      ),
    ],
  ])('that chooses %s', (_name, lie) => {
    const groups = ['x25519', 'p-256'] as const
    const trial = new Trial('client', lie, { honest: { groups }, liar: { groups } })
    // The liar has other keys, or none, so the alert does not reach it.
    expect(trial.honest.reason).toMatchObject({ kind: 'peer-misbehaved', error: { alert: 47 } })
  })

  test('without a key', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, ServerKeyShare))
    expect(new Trial('client', lie).honest.reason).toMatchObject({
      kind: 'peer-misbehaved',
      error: { alert: 109 },
    })
  })

  test('with another certificate than was signalled', () => {
    expect(client(undefined, { liar: { certificate: clientCertificate } })).toBe(
      'certificate-refused: bad_certificate',
    )
  })

  test('that has the right certificate and another key', () => {
    const stolen = { ...clientCertificate, der: serverCertificate.der }
    expect(client(undefined, { liar: { certificate: stolen } })).toBe('bad-signature: decrypt_error')
  })
})

describe('a server of DTLS 1.3 refuses a client', () => {
  test.each([
    ['whose Finished is wrong', corruptEnd(finished), 'bad-finished: decrypt_error'],
    ['whose Finished is too short', cutEnd(finished), 'bad-finished: decrypt_error'],
    ['whose Finished is too long', append(finished), 'bad-finished: decrypt_error'],
    ['with a second Finished', double(finished), unexpected],
    ['whose CertificateVerify is wrong', corruptEnd(certificateVerify), 'bad-signature: decrypt_error'],
    ['without CertificateVerify', omit(certificateVerify), unexpected],
    ['without Certificate', omit(certificate), unexpected],
    [
      'that shows an empty list',
      say(certificate, Uint8Array.of(0, 0, 0, 0)),
      'certificate-required: certificate_required',
    ],
    ['with Certificate twice', double(certificate), unexpected],
    ['that puts the signature before the certificate', swap(certificate, certificateVerify), unexpected],
    ['whose Certificate goes on', append(certificate), 'decode: decode_error'],
  ])('%s', (_name, lie, verdict) => {
    expect(server(lie)).toBe(verdict)
  })

  test.each([
    ['offers compression', clientHello(() => ({ compressionMethods: Uint8Array.of(0, 1) })), illegal],
    [
      'sends two keys of a group',
      clientHello(({ extensions }) => {
        const shares = extensions.get(ClientKeyShares) ?? []
        return withExtension(extensions, ClientKeyShares, [...shares, ...shares])
      }),
      illegal,
    ],
    [
      'sends a key that makes the secret zero',
      clientHello(({ extensions }) =>
        withExtension(extensions, ClientKeyShares, [{ group: 0x001d, keyExchange: new Uint8Array(32) }]),
      ),
      'invalid-public-key: illegal_parameter',
    ],
    [
      'sends no keys at all',
      clientHello(({ extensions }) => withExtension(extensions, ClientKeyShares)),
      'missing-extension: missing_extension',
    ],
  ])('that %s', (_name, lie, verdict) => {
    expect(server(lie)).toBe(verdict)
  })

  test.each([
    [
      'changes its suites',
      clientHello(({ cipherSuites }) => ({ cipherSuites: [...cipherSuites].reverse() })),
    ],
    ['takes an extension back', clientHello(({ extensions }) => withExtension(extensions, rawExtension(13)))],
    ['changes its random', clientHello(() => ({ random: new Uint8Array(32).fill(9) }))],
  ])('that %s in its second hello', (_name, lie) => {
    let hellos = 0
    const second: Lie = (type, body, before) =>
      type === HandshakeType.clientHello && ++hellos === 2 ? lie(type, body, before) : body
    // The server wants a group that the client has no key for yet.
    const trial = new Trial('server', second, { honest: { groups: ['p-256'] } })
    expect(hellos).toBe(2)
    expect(trial.judgement).toMatch(
      /^(illegal-parameter: illegal_parameter|missing-extension: missing_extension)$/,
    )
  })

  test('with another certificate than was signalled', () => {
    expect(server(undefined, { liar: { certificate: serverCertificate } })).toBe(
      'certificate-refused: bad_certificate',
    )
  })

  test('that has the right certificate and another key', () => {
    const stolen = { ...serverCertificate, der: clientCertificate.der }
    expect(server(undefined, { liar: { certificate: stolen } })).toBe('bad-signature: decrypt_error')
  })
})
