import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'

import type { DtlsConfig } from '../../src/config.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { encodeClientKeyExchange } from '../../src/dtls12/messages/client-key-exchange.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientCertificate, serverCertificate } from '../pair.ts'
import { Trial } from './liar.ts'
import { finishedLies, flightLies } from './flight-lies.ts'
import type { Lie } from './trial.ts'
import { clientHello, corruptEnd, instead, omit, say, swap, withExtension } from './lies.ts'

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
  flightLies(judge, [
    ['Certificate', certificate],
    ['ClientKeyExchange', clientKeyExchange],
    ['CertificateVerify', certificateVerify],
  ])

  test('out of order', () => {
    expect(judge(swap(certificate, clientKeyExchange))).toBe('unexpected-message: unexpected_message')
    expect(judge(swap(clientKeyExchange, certificateVerify))).toBe('unexpected-message: unexpected_message')
  })
})

finishedLies(judge, () => {
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
