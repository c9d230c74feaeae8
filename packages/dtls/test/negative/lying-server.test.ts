import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'

import type { DtlsConfig } from '../../src/config.ts'
import { encodeCertificateMessage } from '../../src/dtls12/messages/certificate-message.ts'
import {
  encodeEcdhParameters,
  encodeServerKeyExchange,
} from '../../src/dtls12/messages/server-key-exchange.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { clientCertificate, serverCertificate } from '../pair.ts'
import { ed448Certificate } from '../vectors/certificates.ts'
import { Trial } from './liar.ts'
import { finishedLies, flightLies } from './flight-lies.ts'
import type { Lie } from './trial.ts'
import { append, corruptEnd, instead, omit, say, swap } from './lies.ts'

const { certificate, serverKeyExchange, certificateRequest, serverHelloDone, finished, clientHello } =
  HandshakeType

const judge = (lie: Lie, config?: { honest?: Partial<DtlsConfig>; liar?: Partial<DtlsConfig> }): string =>
  new Trial('client', lie, config).verdict

/** A ServerKeyExchange with this key, signed as it should be, but for randoms that are not those of this handshake. */
function keyExchange(group: number, publicKey: Uint8Array): Uint8Array {
  const parameters = encodeEcdhParameters({ group, publicKey })
  const signature = serverCertificate.privateKey.sign(
    'ecdsa_secp256r1_sha256',
    concatBytes(new Uint8Array(64), parameters),
  )
  return encodeServerKeyExchange(parameters, { scheme: 0x0403, signature })
}

test('an honest server is believed', () => {
  expect(judge((_type, body) => body)).toBe('connected')
})

describe('the certificate', () => {
  test('of somebody else, whose key the server has', () => {
    expect(judge((_type, body) => body, { liar: { certificate: clientCertificate } })).toBe(
      'certificate-refused: bad_certificate',
    )
  })

  test('of the right server, replayed by one that has another key', () => {
    const stolen = { ...clientCertificate, der: serverCertificate.der }
    expect(judge((_type, body) => body, { liar: { certificate: stolen } })).toBe(
      'bad-signature: decrypt_error',
    )
  })

  test('that is missing', () => {
    expect(judge(omit(certificate))).toBe('unexpected-message: unexpected_message')
  })

  test('from an empty list', () => {
    expect(judge(say(certificate, Uint8Array.of(0, 0, 0)))).toBe('decode: decode_error')
  })

  test('of no bytes', () => {
    expect(judge(say(certificate, Uint8Array.of(0, 0, 3, 0, 0, 0)))).toBe('decode: decode_error')
  })

  test('that is garbage', () => {
    const garbage = Uint8Array.of(0, 0, 7, 0, 0, 4, 1, 2, 3, 4)
    expect(judge(say(certificate, garbage))).toBe('bad-certificate: bad_certificate')
  })

  test('with a key that signs nothing here', () => {
    expect(judge(say(certificate, encodeCertificateMessage([ed448Certificate])))).toBe(
      'unsupported-certificate: unsupported_certificate',
    )
  })
})

describe('ServerKeyExchange', () => {
  test('with a corrupted signature', () => {
    expect(judge(corruptEnd(serverKeyExchange))).toBe('bad-signature: decrypt_error')
  })

  test('that is missing', () => {
    expect(judge(omit(serverKeyExchange))).toBe('unexpected-message: unexpected_message')
  })

  test('without signature', () => {
    const lie = instead(serverKeyExchange, (body) => concatBytes(body.subarray(0, 38), Uint8Array.of(0, 0)))
    expect(judge(lie)).toBe('bad-signature: decrypt_error')
  })

  test('that was signed for another handshake', () => {
    expect(judge(say(serverKeyExchange, keyExchange(0x1d, new Uint8Array(32).fill(9))))).toBe(
      'bad-signature: decrypt_error',
    )
  })

  test('whose key was exchanged in transit', () => {
    const lie = instead(serverKeyExchange, (body) => {
      const changed = body.slice()
      changed[10]! ^= 1
      return changed
    })
    expect(judge(lie)).toBe('bad-signature: decrypt_error')
  })

  test('signed by a scheme that was not offered', () => {
    const lie = instead(serverKeyExchange, (body) => {
      const changed = body.slice()
      changed.set([0x02, 0x03], 36)
      return changed
    })
    expect(judge(lie)).toBe('illegal-parameter: illegal_parameter')
  })

  test('in a group that was not offered', () => {
    expect(judge(say(serverKeyExchange, keyExchange(0x19, new Uint8Array(133).fill(4))))).toBe(
      'illegal-parameter: illegal_parameter',
    )
  })

  test('with an explicit curve', () => {
    expect(judge(say(serverKeyExchange, Uint8Array.of(1, 0, 0x17)))).toBe('decode: decode_error')
  })

  test.each([
    ['an all-zero X25519 key', 0x1d, new Uint8Array(32)],
    ['an X25519 key of order 1', 0x1d, Uint8Array.of(1, ...new Uint8Array(31))],
    ['a short X25519 key', 0x1d, new Uint8Array(31).fill(9)],
    ['a point that is not on P-256', 0x17, Uint8Array.of(4, ...new Uint8Array(64).fill(1))],
    ['a compressed point', 0x17, Uint8Array.of(2, ...new Uint8Array(32).fill(1))],
    ['the point at infinity', 0x17, Uint8Array.of(0)],
  ])('with %s, well signed', (_name, group, publicKey) => {
    // A server that has its key can sign any parameters: here with the true randoms, as they stand in the hellos.
    const lie = instead(serverKeyExchange, (_body, before) => {
      const parameters = encodeEcdhParameters({ group, publicKey })
      const data = concatBytes(randomAt(before, 0), randomAt(before, secondMessage(before)), parameters)
      const signature = serverCertificate.privateKey.sign('ecdsa_secp256r1_sha256', data)
      return encodeServerKeyExchange(parameters, { scheme: 0x0403, signature })
    })
    expect(judge(lie)).toBe('invalid-public-key: illegal_parameter')
  })
})

/** The random of a hello: behind 12 bytes of header and 2 of version. */
const randomAt = (transcript: Uint8Array, at: number): Uint8Array => transcript.slice(at + 14, at + 46)

const secondMessage = (transcript: Uint8Array): number => 12 + ((transcript[2]! << 8) | transcript[3]!)

describe('the rest of the flight', () => {
  test('without ServerHelloDone leaves the client waiting', () => {
    expect(judge(omit(serverHelloDone))).toBe('waiting')
  })

  test('with something in ServerHelloDone', () => {
    expect(judge(append(serverHelloDone))).toBe('decode: decode_error')
  })

  test('without CertificateRequest is the server’s choice, and a client’s proof is then nobody’s', () => {
    const trial = new Trial('client', omit(certificateRequest))
    // Our own server, which the liar is made of, does not go on without it.
    expect(trial.verdict).toBe('waiting')
  })

  flightLies(judge, [
    ['ServerHello', HandshakeType.serverHello],
    ['Certificate', certificate],
    ['ServerKeyExchange', serverKeyExchange],
    ['CertificateRequest', certificateRequest],
  ])

  test('out of order', () => {
    expect(judge(swap(certificate, serverKeyExchange))).toBe('unexpected-message: unexpected_message')
    expect(judge(swap(serverKeyExchange, certificateRequest))).toBe('unexpected-message: unexpected_message')
    // By then the client has changed to keys that this server never learns.
    expect(judge(swap(certificateRequest, serverHelloDone))).toBe('unexpected-message: ')
  })

  test('with a message that is not a server’s', () => {
    const lie = instead(certificate, (body) => [[clientHello, body]])
    expect(judge(lie)).toBe('unexpected-message: unexpected_message')
  })
})

finishedLies(judge, () => {
  test('that repeats the client’s', () => {
    expect(judge(instead(finished, (_body, before) => before.slice(-12)))).toBe('bad-finished: decrypt_error')
  })
})
