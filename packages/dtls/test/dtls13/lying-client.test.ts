import { describe, expect, test } from '@jest/globals'

import { Cookie } from '../../src/extensions/cookie.ts'
import { ClientKeyShares } from '../../src/extensions/key-share.ts'
import { SignatureAlgorithms } from '../../src/extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { SupportedVersions } from '../../src/extensions/supported-versions.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import type { Lie } from '../negative/trial.ts'
import {
  append,
  clientHello,
  corruptEnd,
  cutEnd,
  double,
  instead,
  omit,
  rawExtension,
  swap,
  withExtension,
} from '../negative/lies.ts'
import { clientCertificate, serverCertificate } from '../pair.ts'
import { Trial } from './liar.ts'

const { certificate, certificateVerify, finished } = HandshakeType

const byClient = (lie: Lie): string => new Trial('server', lie).verdict

test('an honest client is believed', () => {
  expect(byClient((_type, body) => body)).toBe('connected')
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
      'by a point that is not on its curve',
      clientHello(({ extensions }) =>
        withExtension(extensions, ClientKeyShares, [
          { group: 0x17, keyExchange: Uint8Array.of(4, ...new Uint8Array(64).fill(1)) },
        ]),
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
    ['by a certificate twice', double(certificate), 'unexpected-message: unexpected_message in epoch 3'],
    ['by a certificate that goes on', append(certificate), 'decode: decode_error in epoch 3'],
    [
      'by a signature before the certificate',
      swap(certificate, certificateVerify),
      'unexpected-message: unexpected_message in epoch 3',
    ],
    ['by a short Finished', cutEnd(finished), 'bad-finished: decrypt_error in epoch 3'],
    ['by a long Finished', append(finished), 'bad-finished: decrypt_error in epoch 3'],
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

  test('is not the one that was expected', () => {
    const { verdict } = new Trial('server', undefined, { liar: { certificate: serverCertificate } })
    expect(verdict).toBe('certificate-refused: bad_certificate in epoch 3')
  })

  test('with the right certificate and another key', () => {
    const stolen = { ...serverCertificate, der: clientCertificate.der }
    const { verdict } = new Trial('server', undefined, { liar: { certificate: stolen } })
    expect(verdict).toBe('bad-signature: decrypt_error in epoch 3')
  })
})
