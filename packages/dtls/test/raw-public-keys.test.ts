import { describe, expect, test } from '@jest/globals'
import { Writer } from '@purertc/bytes'

import {
  ClientCertificateType,
  ClientCertificateTypes,
  ServerCertificateType,
  ServerCertificateTypes,
} from '../src/extensions/certificate-types.ts'
import { DtlsError, type DtlsConfig } from '../src/index.ts'
import { HandshakeType } from '../src/protocol/handshake-type.ts'
import { Trial as Trial13 } from './dtls13/liar.ts'
import { Trial as Trial12 } from './negative/liar.ts'
import { clientHello, instead, serverHello, withExtension } from './negative/lies.ts'
import { clientCertificate, only12, Pair, serverCertificate, upTo13 } from './pair.ts'

const clientKey = clientCertificate.subjectPublicKeyInfo
const serverKey = serverCertificate.subjectPublicKeyInfo
const raw = ['raw-public-key'] as const
const either = ['x509', 'raw-public-key'] as const

describe.each([
  ['1.2', only12, Trial12],
  ['1.3', upTo13, Trial13],
])('raw public keys in DTLS %s (RFC 7250)', (version, versions, Trial) => {
  const connect = (client: Partial<DtlsConfig>, server: Partial<DtlsConfig>): Pair =>
    new Pair({ client: { versions, ...client }, server: { versions, ...server } }).handshake()
  const knowsServer = { verify: { publicKeys: [serverKey] } }
  const knowsClient = { verify: { publicKeys: [clientKey] } }
  const faultOf = (pair: Pair): unknown[] =>
    [pair.client, pair.server].map(({ reason }) =>
      reason?.kind === 'peer-misbehaved' ? reason.error.code : (reason?.kind ?? null),
    )

  test('are shown by both ends that like them best', () => {
    const pair = connect(
      { ...knowsServer, ownCertificateTypes: raw },
      { ...knowsClient, ownCertificateTypes: raw },
    )
    expect(pair.client.session?.peer).toEqual({ kind: 'public-key', subjectPublicKeyInfo: serverKey })
    expect(pair.server.session?.peer).toEqual({ kind: 'public-key', subjectPublicKeyInfo: clientKey })
    expect(pair.client.session?.peerCertificate).toBeNull()
  })

  test.each([
    ['the server alone', { ...knowsServer }, { ownCertificateTypes: either }, 'public-key', 'certificate'],
    ['the client alone', { ownCertificateTypes: raw }, { ...knowsClient }, 'certificate', 'public-key'],
    ['nobody, though the client could verify one', { ...knowsServer }, {}, 'certificate', 'certificate'],
    ['nobody, though the server could verify one', {}, { ...knowsClient }, 'certificate', 'certificate'],
    [
      'nobody who likes certificates better',
      { ownCertificateTypes: either },
      { ...knowsClient },
      'certificate',
      'certificate',
    ],
  ] as const)('are shown by %s', (_name, client, server, ofServer, ofClient) => {
    const pair = connect(client, server)
    expect(pair.client.session?.peer.kind).toBe(ofServer)
    expect(pair.server.session?.peer.kind).toBe(ofClient)
  })

  test('are shown by a server whose clients stay anonymous', () => {
    const pair = connect(
      { ...knowsServer, certificate: [] },
      { ownCertificateTypes: raw, verify: { anonymous: true } },
    )
    expect(pair.client.session?.peer.kind).toBe('public-key')
    expect(pair.server.session?.peer.kind).toBe('anonymous')
  })

  test('that nobody knows are refused', () => {
    expect(
      faultOf(connect({ verify: { publicKeys: [clientKey] } }, { ownCertificateTypes: either })),
    ).toEqual(['certificate-refused', 'alert'])
    expect(
      faultOf(connect({ ownCertificateTypes: raw }, { verify: { publicKeys: [serverKey] } })).at(1),
    ).toBe('certificate-refused')
  })

  test('are not forced upon who knows certificates alone', () => {
    const told = ({ client: { reason } }: Pair): unknown => (reason?.kind === 'alert' ? reason.name : reason)
    // RFC 7250 §4.2 has an alert of its own for those who have heard of it.
    const noCommon = 'unsupported_certificate'
    expect(told(connect({}, { ownCertificateTypes: raw }))).toBe('handshake_failure')
    expect(told(connect({ ...knowsServer, peerCertificateTypes: raw }, {}))).toBe(noCommon)
    expect(told(connect({ ownCertificateTypes: raw }, {}))).toBe(noCommon)
  })

  test("that are not the signer's fail by their signature", () => {
    const swapKeys = { verify: { publicKeys: [serverKey, clientKey] } }
    const lie = instead(HandshakeType.certificate, () => showing(clientKey))
    const trial = new Trial('client', lie, { honest: swapKeys, liar: { ownCertificateTypes: raw } })
    expect(trial.verdict).toMatch(/^bad-signature: decrypt_error/)
  })

  test('that are none, two, or empty are refused', () => {
    const config = { honest: knowsServer, liar: { ownCertificateTypes: raw } }
    const judge = (body: Uint8Array): string =>
      new Trial(
        'client',
        instead(HandshakeType.certificate, () => body),
        config,
      ).verdict
    expect(judge(showing(Uint8Array.of(1, 2, 3)))).toMatch(/^bad-certificate: bad_certificate/)
    expect(judge(showing(new Uint8Array(0)))).toMatch(/^decode: decode_error/)
    if (version === '1.3') expect(judge(showing(serverKey, serverKey))).toMatch(/^illegal-parameter/)
    else expect(judge(Uint8Array.of(...showing(serverKey), 0))).toMatch(/^decode/)
  })

  test('are chosen from what was offered', () => {
    const offersBoth = { honest: { ...knowsServer, ownCertificateTypes: either } }
    const answer = (codec: typeof ServerCertificateType, type: number): string => {
      const lie =
        version === '1.2'
          ? serverHello(({ extensions }) => withExtension(extensions, codec, type))
          : instead(HandshakeType.encryptedExtensions, () => Uint8Array.of(0, 5, 0, codec.type, 0, 1, type))
      return new Trial('client', lie, offersBoth).verdict
    }
    expect(answer(ServerCertificateType, 1)).toMatch(/^illegal-parameter: illegal_parameter/)
    expect(answer(ClientCertificateType, 3)).toMatch(/^illegal-parameter: illegal_parameter/)
    const unasked =
      version === '1.2'
        ? serverHello(({ extensions }) => withExtension(extensions, ServerCertificateType, 2))
        : instead(HandshakeType.encryptedExtensions, () => Uint8Array.of(0, 5, 0, 20, 0, 1, 2))
    expect(new Trial('client', unasked).verdict).toMatch(/^unsolicited-extension/)
  })

  test('are offered in a list that is one', () => {
    for (const codec of [ClientCertificateTypes, ServerCertificateTypes]) {
      const empty = { ...codec, encode: (writer: Writer) => writer.u8(0) }
      const lie = clientHello(({ extensions }) => withExtension(extensions, empty, []))
      expect(new Trial('server', lie, { honest: knowsClient }).verdict).toMatch(/^decode: decode_error/)
    }
  })

  const showing = (...keys: readonly Uint8Array[]): Uint8Array => {
    const writer = new Writer(200)
    if (version === '1.2') {
      for (const key of keys) {
        writer.u24(key.length)
        writer.bytes(key)
      }
      return writer.finish()
    }
    writer.u8(0)
    const list = writer.open24()
    for (const key of keys) {
      writer.u24(key.length)
      writer.bytes(key)
      writer.u16(0)
    }
    writer.close24(list)
    return writer.finish()
  }
})

test('bare keys are verified by keys alone', () => {
  const config = { peerCertificateTypes: raw, verify: { fingerprints: [serverCertificate.fingerprint()] } }
  expect(() => new Pair({ client: config })).toThrow(DtlsError)
  expect(() => new Pair({ client: { ownCertificateTypes: [] } })).toThrow(DtlsError)
})
