import { describe, expect, test } from '@jest/globals'
import { DecodeError, equalBytes, Reader } from '@purertc/bytes'
import fc from 'fast-check'

import { PeerMisbehaved } from '../../src/errors.ts'
import { EcPointFormats } from '../../src/extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../src/extensions/extended-master-secret.ts'
import type { ExtensionCodec } from '../../src/extensions/extension-codec.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { RenegotiationInfo } from '../../src/extensions/renegotiation-info.ts'
import { SignatureAlgorithms } from '../../src/extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../src/extensions/supported-groups.ts'
import { SupportedVersions } from '../../src/extensions/supported-versions.ts'
import { UseSrtp } from '../../src/extensions/use-srtp.ts'
import { decodeHandshakeFragment } from '../../src/handshake/handshake-fragment.ts'
import { Reassembly } from '../../src/handshake/reassembly.ts'
import {
  decodeCertificateMessage,
  encodeCertificateMessage,
} from '../../src/dtls12/messages/certificate-message.ts'
import {
  decodeCertificateRequest,
  encodeCertificateRequest,
} from '../../src/dtls12/messages/certificate-request.ts'
import { decodeCertificateVerify, encodeCertificateVerify } from '../../src/messages/certificate-verify.ts'
import { decodeClientHello, encodeClientHello } from '../../src/messages/client-hello.ts'
import {
  decodeClientKeyExchange,
  encodeClientKeyExchange,
} from '../../src/dtls12/messages/client-key-exchange.ts'
import {
  decodeHelloVerifyRequest,
  encodeHelloVerifyRequest,
} from '../../src/dtls12/messages/hello-verify-request.ts'
import { decodeServerHello, encodeServerHello } from '../../src/messages/server-hello.ts'
import {
  decodeServerKeyExchange,
  encodeEcdhParameters,
  encodeServerKeyExchange,
} from '../../src/dtls12/messages/server-key-exchange.ts'
import { RecordHeader } from '../../src/record/record-header.ts'
import { chromiumCertificate, chromiumClientHello, chromiumServerFlight } from '../vectors/chromium-156.ts'

/** Decodes and encodes again; null where the bytes are refused, as only these two errors may. */
function survive(recode: (body: Uint8Array) => Uint8Array, body: Uint8Array): Uint8Array | null {
  try {
    return recode(body)
  } catch (error) {
    if (error instanceof DecodeError || error instanceof PeerMisbehaved) return null
    throw error
  }
}

const recoders: Record<string, (body: Uint8Array) => Uint8Array> = {
  clientHello: (body) => encodeClientHello(decodeClientHello(body)),
  serverHello: (body) => encodeServerHello(decodeServerHello(body)),
  helloVerifyRequest: (body) =>
    encodeHelloVerifyRequest(new Reader(body).u16(), decodeHelloVerifyRequest(body)),
  certificate: (body) => encodeCertificateMessage(decodeCertificateMessage(body)),
  serverKeyExchange: (body) => {
    const exchange = decodeServerKeyExchange(body)
    expect(exchange.parameters).toEqual(encodeEcdhParameters(exchange))
    return encodeServerKeyExchange(exchange.parameters, exchange)
  },
  certificateVerify: (body) => encodeCertificateVerify(decodeCertificateVerify(body)),
  clientKeyExchange: (body) => encodeClientKeyExchange(decodeClientKeyExchange(body, 'ecdhe_ecdsa')),
}

/** The messages of a flight by their types, put together from its records. */
function messagesOf(datagrams: readonly Uint8Array[]): Map<number, Uint8Array> {
  const messages = new Map<number, Uint8Array>()
  const reassembly = new Reassembly(32_768)
  const header = new RecordHeader()
  for (const datagram of datagrams)
    for (let at = 0; at < datagram.length; at = header.end) {
      expect(header.read(datagram, at)).toBe(true)
      const fragment = decodeHandshakeFragment(new Reader(datagram, header.start, header.end))
      if (reassembly.nextSequence === 0 && reassembly.buffered === 0) reassembly.startAt(fragment.sequence)
      reassembly.insert(fragment)
      for (let message = reassembly.next(); message !== null; message = reassembly.next())
        messages.set(message.type, message.body)
    }
  return messages
}

const clientHello = messagesOf(chromiumClientHello).get(1) ?? new Uint8Array(0)
const serverFlight = messagesOf([chromiumServerFlight])

describe('the ClientHello of Chromium 156', () => {
  test('has 1,413 bytes in two datagrams', () => {
    expect(chromiumClientHello).toHaveLength(2)
    expect(clientHello).toHaveLength(1_413)
  })

  test('says what we need to know, GREASE and 1.3 aside', () => {
    const hello = decodeClientHello(clientHello)
    expect(hello.version).toBe(0xfefd)
    expect(hello.cipherSuites).toContain(0xc02b)
    expect(hello.cipherSuites).toContain(0x1301)
    expect(hello.extensions.get(SupportedVersions)).toEqual(expect.arrayContaining([0xfefc, 0xfefd]))
    expect(hello.extensions.get(SupportedGroups)).toEqual([0x11ec, 0x001d, 0x0017, 0x0018])
    expect(hello.extensions.get(SignatureAlgorithms)).toContain(0x0403)
    expect(hello.extensions.get(ExtendedMasterSecret)).toBe(true)
    expect(hello.extensions.get(EcPointFormats)).toEqual([0])
    expect(hello.extensions.get(RenegotiationInfo)).toEqual(new Uint8Array(0))
    expect(hello.extensions.get(UseSrtp)?.profiles).toEqual([1, 8, 7])
  })

  test('survives decoding and encoding', () => {
    expect(encodeClientHello(decodeClientHello(clientHello))).toEqual(clientHello)
  })
})

describe('the server flight of Chromium 156', () => {
  test('reads to the last byte', () => {
    expect([...serverFlight.keys()]).toEqual([2, 11, 12, 13, 14])
    const hello = decodeServerHello(serverFlight.get(2) ?? new Uint8Array(0))
    expect(hello.cipherSuite).toBe(0xc02b)
    expect(Buffer.from(hello.random.subarray(24)).toString('latin1')).toBe('DOWNGRD\x01')
    expect(decodeCertificateMessage(serverFlight.get(11) ?? new Uint8Array(0))).toEqual([chromiumCertificate])
    expect(decodeServerKeyExchange(serverFlight.get(12) ?? new Uint8Array(0))).toMatchObject({
      group: 0x001d,
      scheme: 0x0403,
    })
    const request = decodeCertificateRequest(serverFlight.get(13) ?? new Uint8Array(0))
    expect(request.certificateTypes).toContain(64)
    expect(request.signatureSchemes).toContain(0x0403)
  })
})

describe('CertificateRequest', () => {
  test('reads what it writes', () => {
    const request = {
      certificateTypes: [64, 1],
      signatureSchemes: [0x0403, 0x0804],
      authorities: [Uint8Array.of(0x30, 0)],
    }
    expect(decodeCertificateRequest(encodeCertificateRequest(request))).toEqual(request)
  })

  test('may name authorities', () => {
    const names = Uint8Array.of(1, 64, 0, 2, 4, 3, 0, 7, 0, 1, 9, 0, 2, 8, 8)
    expect(decodeCertificateRequest(names)).toMatchObject({
      signatureSchemes: [0x0403],
      authorities: [Uint8Array.of(9), Uint8Array.of(8, 8)],
    })
    expect(() => decodeCertificateRequest(names.subarray(0, -1))).toThrow(DecodeError)
  })
})

describe('extensions', () => {
  const codecs: [ExtensionCodec<unknown>, unknown][] = [
    [SupportedGroups, [0x1d, 0x17]],
    [SignatureAlgorithms, [0x0403]],
    [SupportedVersions, [0xfefc, 0xfefd]],
    [EcPointFormats, [0, 1]],
    [ExtendedMasterSecret, true],
    [RenegotiationInfo, Uint8Array.of(1, 2, 3)],
    [UseSrtp, { profiles: [1, 7], mki: Uint8Array.of(9) }],
  ] as [ExtensionCodec<unknown>, unknown][]

  test.each(codecs)('$name reads what it writes', (codec, value) => {
    expect(new Extensions().set(codec, value).get(codec)).toEqual(value)
  })

  test('that stand twice are refused', () => {
    const twice = Uint8Array.of(0, 8, 0, 23, 0, 0, 0, 23, 0, 0)
    expect(() => Extensions.decode(new Reader(twice))).toThrow(DecodeError)
  })

  test('may be missing altogether, and are not when the list is empty', () => {
    expect([...Extensions.decode(new Reader(new Uint8Array(0))).types]).toEqual([])
    expect([...Extensions.decode(new Reader(new Uint8Array(2))).types]).toEqual([])
    expect(() => Extensions.decode(new Reader(new Uint8Array(1)))).toThrow(DecodeError)
  })

  test.each([SupportedGroups, SignatureAlgorithms, SupportedVersions, EcPointFormats, UseSrtp])(
    '$name must not be empty, cut off or followed by anything',
    (codec: ExtensionCodec<unknown>) => {
      const decode = (body: Uint8Array) => () => {
        const reader = new Reader(body)
        codec.decode(reader)
        reader.done()
      }
      expect(decode(new Uint8Array(0))).toThrow(DecodeError)
      expect(decode(new Uint8Array(3))).toThrow(DecodeError)
      expect(decode(Uint8Array.of(0, 200, 1))).toThrow(DecodeError)
    },
  )
})

describe('any bytes', () => {
  const samples: Record<string, Uint8Array> = {
    clientHello,
    serverHello: serverFlight.get(2) ?? new Uint8Array(0),
    helloVerifyRequest: Uint8Array.of(0xfe, 0xff, 2, 7, 7),
    certificate: serverFlight.get(11) ?? new Uint8Array(0),
    serverKeyExchange: serverFlight.get(12) ?? new Uint8Array(0),
    certificateVerify: Uint8Array.of(4, 3, 0, 2, 1, 1),
    clientKeyExchange: Uint8Array.of(2, 1, 1),
  }

  test.each(Object.keys(recoders))('as a %s are refused by a typed error, or come back', (name) => {
    const recode = recoders[name]
    const sample = samples[name]
    if (recode === undefined || sample === undefined) throw new Error('no sample')
    expect(survive(recode, sample)).toEqual(sample)
    const mutated = fc
      .tuple(fc.nat(sample.length - 1), fc.nat(255), fc.nat(sample.length))
      .map(([at, byte, end]) => {
        const copy = sample.slice(0, end)
        if (at < end) copy[at] = byte
        return copy
      })
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (body) => {
        const again = survive(recode, body)
        // The one form that is not kept: an empty list of extensions is written as none.
        if (again !== null && !equalBytes(again, body))
          expect(equalBytes(again, body.subarray(0, -2)) && body.at(-1) === 0).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test.each(Object.entries(samples))('a %s that is cut off anywhere is refused', (name, sample) => {
    const recode = recoders[name]
    if (recode === undefined) throw new Error('no recoder')
    const whole = new Set([sample.length])
    // Hellos may end before their extensions.
    if (name === 'clientHello') whole.add(sample.length - decodeTail(sample, decodeClientHello))
    if (name === 'serverHello') whole.add(sample.length - decodeTail(sample, decodeServerHello))
    for (let end = 0; end < sample.length; end++)
      expect({ end, isRefused: survive(recode, sample.subarray(0, end)) === null }).toEqual({
        end,
        isRefused: !whole.has(end),
      })
  })
})

/** Bytes of the extensions with their length. */
function decodeTail(sample: Uint8Array, decode: (body: Uint8Array) => { extensions: Extensions }): number {
  const { extensions } = decode(sample)
  let length = 2
  for (const type of extensions.types) {
    const raw: ExtensionCodec<Uint8Array> = {
      type,
      name: 'raw',
      decode: (reader) => reader.rest(),
      encode: (writer, bytes) => writer.bytes(bytes),
    }
    length += 4 + (extensions.get(raw)?.length ?? 0)
  }
  return length
}
