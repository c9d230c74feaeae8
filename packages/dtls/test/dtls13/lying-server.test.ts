import { describe, expect, test } from '@jest/globals'
import { concatBytes, Writer } from '@purertc/bytes'

import { ServerKeyShare } from '../../src/extensions/key-share.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { SelectedVersion } from '../../src/extensions/supported-versions.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import type { Lie } from '../negative/trial.ts'
import {
  append,
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
} from '../negative/lies.ts'
import { clientCertificate, serverCertificate } from '../pair.ts'
import { Trial } from './liar.ts'

const { certificate, certificateRequest, certificateVerify, encryptedExtensions, finished } = HandshakeType

const byServer = (lie: Lie): string => new Trial('client', lie).verdict

/** EncryptedExtensions with one extension. */
const extensionsWith = (type: number, body: Uint8Array): Lie =>
  instead(encryptedExtensions, () => {
    const writer = new Writer(16)
    writer.u16(4 + body.length)
    writer.u16(type)
    writer.u16(body.length)
    writer.bytes(body)
    return writer.finish()
  })

test('an honest server is believed', () => {
  expect(byServer((_type, body) => body)).toBe('connected')
})

describe('a server of DTLS 1.3 that lies', () => {
  test.each([
    [
      'about its version',
      serverHello(({ extensions }) => withExtension(extensions, SelectedVersion, 0xfefb)),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by a suite of DTLS 1.2',
      serverHello(() => ({ cipherSuite: 0xc02b })),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by a session id',
      serverHello(() => ({ sessionId: Uint8Array.of(1) })),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by compression',
      serverHello(() => ({ compressionMethod: 1 })),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'without a key share',
      serverHello(({ extensions }) => withExtension(extensions, ServerKeyShare)),
      'missing-extension: missing_extension in epoch 0',
    ],
    [
      'by a share of a group that was not offered',
      serverHello(({ extensions }) =>
        withExtension(extensions, ServerKeyShare, { group: 0x18, keyExchange: new Uint8Array(97).fill(4) }),
      ),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by an all-zero share',
      serverHello(({ extensions }) =>
        withExtension(extensions, ServerKeyShare, { group: 0x1d, keyExchange: new Uint8Array(32) }),
      ),
      'invalid-public-key: illegal_parameter in epoch 0',
    ],
    [
      'by an extension in ServerHello that belongs elsewhere',
      serverHello(({ extensions }) => withExtension(extensions, SupportedGroups, [0x1d])),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by an extension that was not offered',
      extensionsWith(0x1234, new Uint8Array(0)),
      'unsolicited-extension: unsupported_extension in epoch 2',
    ],
    [
      'by an extension in EncryptedExtensions that belongs elsewhere',
      extensionsWith(51, Uint8Array.of(0, 0x1d)),
      'illegal-parameter: illegal_parameter in epoch 2',
    ],
    [
      'without EncryptedExtensions',
      omit(encryptedExtensions),
      'unexpected-message: unexpected_message in epoch 2',
    ],
    ['without a certificate', omit(certificate), 'unexpected-message: unexpected_message in epoch 2'],
    [
      'without CertificateVerify',
      omit(certificateVerify),
      'unexpected-message: unexpected_message in epoch 2',
    ],
    ['by a corrupted signature', corruptEnd(certificateVerify), 'bad-signature: decrypt_error in epoch 2'],
    ['by a wrong Finished', corruptEnd(finished), 'bad-finished: decrypt_error in epoch 2'],
    ['by a short Finished', cutEnd(finished), 'bad-finished: decrypt_error in epoch 2'],
    ['by trailing bytes', append(encryptedExtensions), 'decode: decode_error in epoch 2'],
    [
      'about the order of messages',
      swap(certificateRequest, certificate),
      'unexpected-message: unexpected_message in epoch 2',
    ],
    ['by saying it twice', double(certificateVerify), 'unexpected-message: unexpected_message in epoch 2'],
    ['by a second Finished', double(finished), 'unexpected-message: unexpected_message in epoch 2'],
    [
      'by a certificate with an extension',
      instead(certificate, (body) => {
        const changed = concatBytes(body, Uint8Array.of(0, 5, 0, 0))
        // Lengths of the list and of the extensions, which were the last two bytes.
        changed[3] = (changed[3] ?? 0) + 4
        changed[changed.length - 5] = 4
        return changed
      }),
      'unsolicited-extension: unsupported_extension in epoch 2',
    ],
    [
      'by a suite that was not offered',
      serverHello(() => ({ cipherSuite: 0x1305 })),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by an answer to heartbeat',
      extensionsWith(15, Uint8Array.of(1)),
      'unsolicited-extension: unsupported_extension in epoch 2',
    ],
    [
      'by EncryptedExtensions twice',
      double(encryptedExtensions),
      'unexpected-message: unexpected_message in epoch 2',
    ],
    ['by a certificate twice', double(certificate), 'unexpected-message: unexpected_message in epoch 2'],
    [
      'by an empty list of certificates',
      say(certificate, Uint8Array.of(0, 0, 0, 0)),
      'decode: decode_error in epoch 2',
    ],
    [
      'by a signature before the certificate',
      swap(certificate, certificateVerify),
      'unexpected-message: unexpected_message in epoch 2',
    ],
    ['by a long signature', append(certificateVerify), 'decode: decode_error in epoch 2'],
    ['by a long Finished', append(finished), 'bad-finished: decrypt_error in epoch 2'],
    [
      'by another message altogether',
      instead(encryptedExtensions, (body) => [[HandshakeType.serverHelloDone, body]]),
      'unexpected-message: unexpected_message in epoch 2',
    ],
  ])('%s', (_name, lie, verdict) => {
    expect(byServer(lie)).toBe(verdict)
  })

  test('is not the one that was expected', () => {
    const { verdict } = new Trial('client', undefined, { liar: { certificate: clientCertificate } })
    expect(verdict).toBe('certificate-refused: bad_certificate in epoch 2')
  })

  test('by a point that is not on its curve', () => {
    const groups = ['p-256'] as const
    const keyExchange = concatBytes(Uint8Array.of(4), new Uint8Array(64).fill(1))
    const lie = serverHello(({ extensions }) =>
      withExtension(extensions, ServerKeyShare, { group: 0x17, keyExchange }),
    )
    const { verdict } = new Trial('client', lie, { honest: { groups }, liar: { groups } })
    expect(verdict).toBe('invalid-public-key: illegal_parameter in epoch 0')
  })

  test('with the right certificate and another key', () => {
    const stolen = { ...clientCertificate, der: serverCertificate.der }
    const { verdict } = new Trial('client', undefined, { liar: { certificate: stolen } })
    expect(verdict).toBe('bad-signature: decrypt_error in epoch 2')
  })
})

describe('a server that asks for another ClientHello', () => {
  const retry = (change: Parameters<typeof serverHello>[0]): string =>
    new Trial('client', serverHello(change), { liar: { groups: ['p-256'] } }).verdict

  test('of a group that is offered gets it', () => {
    expect(retry((hello) => hello)).toBe('connected')
  })

  test.each([
    ['of a group that was not offered', 0x18],
    ['of a group whose share it has', 0x1d],
  ])('%s', (_name, group) => {
    const change: Parameters<typeof serverHello>[0] = ({ extensions }) => {
      const body = Uint8Array.of(group >> 8, group)
      return withExtension(extensions, rawExtension(51), body)
    }
    expect(retry(change)).toBe('illegal-parameter: illegal_parameter in epoch 0')
  })

  test('for nothing', () => {
    expect(retry(({ extensions }) => withExtension(extensions, rawExtension(51)))).toBe(
      'illegal-parameter: illegal_parameter in epoch 0',
    )
  })

  test('twice', () => {
    const lie: Lie = (type, body) =>
      type === HandshakeType.serverHello
        ? [
            [type, body],
            [type, body],
          ]
        : body
    expect(new Trial('client', lie, { liar: { groups: ['p-256'] } }).verdict).toMatch(
      /^unexpected-message: unexpected_message in epoch 0/,
    )
  })
})
