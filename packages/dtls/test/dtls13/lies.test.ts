import { describe, expect, test } from '@jest/globals'
import { concatBytes, Writer } from '@purertc/bytes'

import { encodeKeyUpdate } from '../../src/dtls13/messages/key-update.ts'
import { Cookie } from '../../src/extensions/cookie.ts'
import { ClientKeyShares, ServerKeyShare } from '../../src/extensions/key-share.ts'
import { SignatureAlgorithms } from '../../src/extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { SelectedVersion, SupportedVersions } from '../../src/extensions/supported-versions.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import type { Lie } from '../negative/liar.ts'
import {
  append,
  clientHello,
  corruptEnd,
  cutEnd,
  double,
  handshakeMessage,
  instead,
  omit,
  rawExtension,
  serverHello,
  swap,
  withExtension,
} from '../negative/lies.ts'
import { clientCertificate } from '../pair.ts'
import { Trial } from './liar.ts'

const {
  certificate,
  certificateRequest,
  certificateVerify,
  encryptedExtensions,
  finished,
  serverHello: helloOfServer,
} = HandshakeType

const byServer = (lie: Lie): string => new Trial('client', lie).verdict
const byClient = (lie: Lie): string => new Trial('server', lie).verdict

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

test('an honest liar is believed', () => {
  expect(byServer((_type, body) => body)).toBe('connected')
  expect(byClient((_type, body) => body)).toBe('connected')
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
  ])('%s', (_name, lie, verdict) => {
    expect(byServer(lie)).toBe(verdict)
  })

  test('is not the one that was expected', () => {
    const { verdict } = new Trial('client', undefined, { liar: { certificate: clientCertificate } })
    expect(verdict).toBe('certificate-refused: bad_certificate in epoch 2')
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
      type === helloOfServer
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

describe('a client of DTLS 1.3 that lies', () => {
  test.each([
    [
      'without key_share',
      clientHello(({ extensions }) => withExtension(extensions, ClientKeyShares)),
      'missing-extension: missing_extension in epoch 0',
    ],
    [
      'without supported_groups',
      clientHello(({ extensions }) => withExtension(extensions, SupportedGroups)),
      'missing-extension: missing_extension in epoch 0',
    ],
    [
      'without signature_algorithms',
      clientHello(({ extensions }) => withExtension(extensions, SignatureAlgorithms)),
      'missing-extension: missing_extension in epoch 0',
    ],
    [
      'by a cookie of DTLS 1.2',
      clientHello(() => ({ cookie: Uint8Array.of(1) })),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by a cookie that nobody gave',
      clientHello(({ extensions }) => withExtension(extensions, Cookie, Uint8Array.of(1))),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by compression',
      clientHello(() => ({ compressionMethods: Uint8Array.of(0, 1) })),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by two shares of a group',
      clientHello(({ extensions }) => {
        const shares = extensions.get(ClientKeyShares) ?? []
        return withExtension(extensions, ClientKeyShares, [...shares, ...shares])
      }),
      'illegal-parameter: illegal_parameter in epoch 0',
    ],
    [
      'by an all-zero share',
      clientHello(({ extensions }) =>
        withExtension(extensions, ClientKeyShares, [{ group: 0x1d, keyExchange: new Uint8Array(32) }]),
      ),
      'invalid-public-key: illegal_parameter in epoch 0',
    ],
    [
      'by no version of ours',
      clientHello(({ extensions }) => withExtension(extensions, SupportedVersions, [0xfefb, 0x0304])),
      'unsupported-version: protocol_version in epoch 0',
    ],
    ['without a certificate message', omit(certificate), 'unexpected-message: unexpected_message in epoch 3'],
    [
      'by an empty certificate',
      instead(certificate, () => Uint8Array.of(0, 0, 0, 0)),
      'certificate-required: certificate_required in epoch 3',
    ],
    [
      'without CertificateVerify',
      omit(certificateVerify),
      'unexpected-message: unexpected_message in epoch 3',
    ],
    ['by a corrupted signature', corruptEnd(certificateVerify), 'bad-signature: decrypt_error in epoch 3'],
    ['by a wrong Finished', corruptEnd(finished), 'bad-finished: decrypt_error in epoch 3'],
    ['by a second Finished', double(finished), 'unexpected-message: unexpected_message in epoch 3'],
  ])('%s', (_name, lie, verdict) => {
    expect(byClient(lie)).toBe(verdict)
  })

  test.each([
    ['with another suite', { cipherSuites: [0x1302, 0x1301] }],
    ['with another random', { random: new Uint8Array(32).fill(9) }],
  ])('about its first hello, %s', (_name, change) => {
    let hellos = 0
    const lie: Lie = (type, body) => {
      if (type !== HandshakeType.clientHello || ++hellos === 1) return body
      const changed = clientHello(() => change)(type, body, body)
      return changed
    }
    expect(new Trial('server', lie, { honest: { groups: ['p-256'] } }).verdict).toBe(
      'illegal-parameter: illegal_parameter in epoch 0',
    )
  })

  test('about its first hello, without an extension that was there', () => {
    let hellos = 0
    const lie: Lie = (type, body) => {
      if (type !== HandshakeType.clientHello || ++hellos === 1) return body
      return clientHello(({ extensions }) => withExtension(extensions, rawExtension(0xff01)))(
        type,
        body,
        body,
      )
    }
    expect(new Trial('server', lie, { honest: { groups: ['p-256'] } }).verdict).toBe(
      'illegal-parameter: illegal_parameter in epoch 0',
    )
  })
})

describe('after the handshake', () => {
  const after = (act: (trial: Trial) => void): string => {
    const trial = new Trial('server')
    expect(trial.verdict).toBe('connected')
    act(trial)
    trial.settle()
    return trial.verdict
  }

  test.each([
    ['a KeyUpdate that is none', handshakeMessage(HandshakeType.keyUpdate, 5, Uint8Array.of(2)), 'illegal'],
    ['a long KeyUpdate', handshakeMessage(HandshakeType.keyUpdate, 5, Uint8Array.of(0, 0)), 'decode'],
  ])('%s', (_name, content, fault) => {
    const verdict = after(({ liar }) => {
      // The client's message_seq goes on from its last flight: hello, certificate, its proof, Finished.
      content[5] = 4
      liar.sendRecord(ContentType.handshake, content)
    })
    expect(verdict).toMatch(new RegExp(`^connected, then ${fault}`))
  })

  test('a ClientHello', () => {
    const verdict = after(({ liar }) =>
      liar.sendRecord(
        ContentType.handshake,
        handshakeMessage(HandshakeType.clientHello, 4, new Uint8Array(40)),
      ),
    )
    expect(verdict).toBe('connected, then unexpected-message: unexpected_message in epoch 3')
  })

  test('an empty handshake record, or one of no type', () => {
    const empty = after(({ liar }) => liar.sendRecord(ContentType.handshake, new Uint8Array(0)))
    expect(empty).toMatch(/^connected, then unexpected-message/)
    const typeless = after(({ liar }) => liar.sendRecord(0, new Uint8Array(20)))
    expect(typeless).toMatch(/^connected, then unexpected-message/)
  })

  test('application data under the keys of the handshake', () => {
    const verdict = after(({ liar }) => liar.sendRecord(ContentType.applicationData, Uint8Array.of(1), 2))
    expect(verdict).toMatch(/^connected, then unexpected-message/)
  })

  test('a malformed ACK, and one of records that were never sent', () => {
    expect(after(({ liar }) => liar.sendRecord(ContentType.ack, Uint8Array.of(0, 3, 1, 2, 3)))).toMatch(
      /^connected, then decode/,
    )
    const unsent = new Uint8Array(18)
    unsent[1] = 16
    unsent[17] = 200
    unsent[9] = 3
    expect(after(({ liar }) => liar.sendRecord(ContentType.ack, unsent))).toBe('connected')
  })

  test('key updates without end', () => {
    const verdict = after((trial) => {
      for (let sequence = 4; sequence < 60; sequence++)
        trial.liar.sendRecord(
          ContentType.handshake,
          handshakeMessage(HandshakeType.keyUpdate, sequence, encodeKeyUpdate(false)),
        )
    })
    // The first is taken; those after it come under keys that it has replaced.
    expect(verdict).toMatch(/^connected, then unexpected-message/)
  })

  test('plaintext of any kind is dropped', () => {
    const verdict = after(({ liar }) => {
      for (const type of [20, 21, 22, 23, 26]) liar.sendRecord(type, Uint8Array.of(2, 40), 0)
    })
    expect(verdict).toBe('connected')
  })
})
