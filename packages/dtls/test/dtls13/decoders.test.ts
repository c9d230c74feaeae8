import { describe, expect, test } from '@jest/globals'
import { concatBytes, DecodeError, Reader, Writer } from '@purertc/bytes'
import { Random } from '@purertc/netsim'
import fc from 'fast-check'

import { decodeAck, encodeAck } from '../../src/dtls13/messages/ack.ts'
import {
  decodeCertificateMessage,
  encodeCertificateMessage,
} from '../../src/dtls13/messages/certificate-message.ts'
import {
  decodeCertificateRequest,
  encodeCertificateRequest,
} from '../../src/dtls13/messages/certificate-request.ts'
import {
  decodeEncryptedExtensions,
  encodeEncryptedExtensions,
} from '../../src/dtls13/messages/encrypted-extensions.ts'
import { decodeKeyUpdate, encodeKeyUpdate } from '../../src/dtls13/messages/key-update.ts'
import {
  decodeNewSessionTicket,
  encodeNewSessionTicket,
} from '../../src/dtls13/messages/new-session-ticket.ts'
import { UnifiedHeader } from '../../src/dtls13/record/unified-header.ts'
import { decodeRetryCookie, encodeRetryCookie } from '../../src/dtls13/server/retry-cookie.ts'
import { PeerMisbehaved } from '../../src/errors.ts'
import { Cookie } from '../../src/extensions/cookie.ts'
import type { ExtensionCodec } from '../../src/extensions/extension-codec.ts'
import { Extensions } from '../../src/extensions/extensions.ts'
import { ClientKeyShares, RetryGroup, ServerKeyShare } from '../../src/extensions/key-share.ts'
import { PreSharedKeys, SelectedPsk } from '../../src/extensions/pre-shared-key.ts'
import { PskKeyExchangeModes } from '../../src/extensions/psk-key-exchange-modes.ts'
import { SelectedVersion, SupportedVersions } from '../../src/extensions/supported-versions.ts'
import { decodeRememberedTicket, encodeRememberedTicket } from '../../src/proofs/session-remembered.ts'
import type { Lie } from '../negative/trial.ts'
import { Trial } from './liar.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const extensions = new Extensions().set(SelectedVersion, 0xfefc).set(Cookie, bytes(1, 2, 3))

/** A decoder with its encoder, and something that it takes. */
interface Codec {
  readonly recode: (bytes: Uint8Array) => Uint8Array | null
  readonly sample: Uint8Array
  /**
   * Where the sample may end as well: what follows is as long as it is. Our own cookies and tickets come back to us
   * whole, or not at all.
   */
  readonly openFrom?: number
}

function ofExtension<T>(codec: ExtensionCodec<T>, value: T): Codec {
  const encode = (value: T): Uint8Array => {
    const writer = new Writer(64)
    codec.encode(writer, value)
    return writer.finish()
  }
  const recode = (bytes: Uint8Array): Uint8Array => {
    const reader = new Reader(bytes)
    const decoded = codec.decode(reader)
    reader.done()
    return encode(decoded)
  }
  return { recode, sample: encode(value) }
}

const ofMessage = <T>(
  decode: (body: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
  value: T,
): Codec => ({
  recode: (bytes) => encode(decode(bytes)),
  sample: encode(value),
})

const remembered = concatBytes(
  bytes(0x13, 0x01),
  filled(32, 1),
  bytes(0, 0, 0, 2),
  filled(6, 0),
  filled(32, 3),
  bytes(0, 0, 0, 0, 1, 0, 3, 0x61, 0x2e, 0x62, 1, 0, 0, 2, 0x30, 0, 0, 0, 1, 0x30),
)

const codecs: Readonly<Record<string, Codec>> = {
  ack: {
    recode: (bytes) => {
      const numbers = decodeAck(new Reader(bytes))
      // No number of ours is as high, so that they are not told apart.
      return numbers.some(({ epoch, sequence }) => epoch + sequence === Infinity) ? null : encodeAck(numbers)
    },
    sample: encodeAck([
      { epoch: 2, sequence: 0 },
      { epoch: 3, sequence: 2 ** 47 },
    ]),
  },
  certificate: ofMessage(decodeCertificateMessage, encodeCertificateMessage, {
    context: bytes(1),
    entries: [
      { data: bytes(1, 2, 3), extensions },
      { data: bytes(4), extensions: new Extensions() },
    ],
  }),
  certificateRequest: ofMessage(decodeCertificateRequest, encodeCertificateRequest, {
    context: bytes(),
    extensions,
  }),
  encryptedExtensions: ofMessage(decodeEncryptedExtensions, encodeEncryptedExtensions, extensions),
  keyUpdate: ofMessage(decodeKeyUpdate, encodeKeyUpdate, true),
  newSessionTicket: ofMessage(decodeNewSessionTicket, encodeNewSessionTicket, {
    lifetime: 604_800,
    ageAdd: 0xffff_ffff,
    nonce: bytes(0, 1),
    ticket: filled(20, 7),
    extensions,
  }),
  clientKeyShares: ofExtension(ClientKeyShares, [
    { group: 29, keyExchange: filled(32, 1) },
    { group: 23, keyExchange: filled(65, 4) },
  ]),
  serverKeyShare: ofExtension(ServerKeyShare, { group: 29, keyExchange: filled(32, 1) }),
  retryGroup: ofExtension(RetryGroup, 29),
  preSharedKeys: ofExtension(PreSharedKeys, {
    identities: [
      { identity: bytes(1, 2), obfuscatedTicketAge: 0xffff_ffff },
      { identity: bytes(3), obfuscatedTicketAge: 0 },
    ],
    binders: [filled(32, 8), filled(48, 9)],
  }),
  selectedPsk: ofExtension(SelectedPsk, 1),
  pskKeyExchangeModes: ofExtension(PskKeyExchangeModes, [1, 0]),
  supportedVersions: ofExtension(SupportedVersions, [0xfefc, 0xfefd]),
  selectedVersion: ofExtension(SelectedVersion, 0xfefc),
  cookie: ofExtension(Cookie, filled(32, 5)),
  retryCookie: {
    recode: (bytes) => {
      const cookie = decodeRetryCookie(bytes)
      return cookie && encodeRetryCookie(cookie)
    },
    sample: encodeRetryCookie({
      cipherSuite: 0x1301,
      group: 29,
      invariants: filled(32, 1),
      psks: filled(8, 2),
      clientHelloHash: filled(32, 3),
    }),
    openFrom: 2 + 2 + 32 + 1 + 8,
  },
  rememberedTicket: {
    recode: (bytes) => encodeRememberedTicket(decodeRememberedTicket(bytes)),
    sample: remembered,
    openFrom: remembered.length - 4,
  },
}

/** Null where the bytes are refused, as only these two errors may. */
function survive({ recode }: Codec, body: Uint8Array): Uint8Array | null {
  try {
    return recode(body)
  } catch (error) {
    if (error instanceof DecodeError || error instanceof PeerMisbehaved) return null
    throw error
  }
}

describe.each(Object.entries(codecs))('%s', (_name, codec) => {
  test('survives decoding and encoding', () => {
    expect(codec.recode(codec.sample)).toEqual(codec.sample)
  })

  test('is refused where it is cut off anywhere, or something stands behind it', () => {
    const least = codec.openFrom ?? codec.sample.length
    for (let length = 0; length < least; length++)
      expect([length, survive(codec, codec.sample.subarray(0, length))]).toEqual([length, null])
    if (codec.openFrom === undefined) expect(survive(codec, concatBytes(codec.sample, bytes(0)))).toBeNull()
  })

  test('is refused, or survives as it is, whatever the bytes', () => {
    const check = (body: Uint8Array): void => {
      const again = survive(codec, body)
      if (again !== null) expect(again).toEqual(body)
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), check), { numRuns: 500 })
    const change = fc.tuple(fc.nat(codec.sample.length - 1), fc.nat(255))
    const mutated = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
      const copy = codec.sample.slice()
      for (const [at, value] of changes) copy[at] = value
      return copy
    })
    fc.assert(fc.property(mutated, check), { numRuns: 1_000 })
  })
})

test('a unified header never reaches beyond its datagram', () => {
  const header = new UnifiedHeader()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(39), (datagram, at) => {
      if (at >= datagram.length || !header.read(datagram, at)) return
      expect(header.start).toBeGreaterThan(at)
      expect(header.end).toBeGreaterThanOrEqual(header.start)
      expect(header.end).toBeLessThanOrEqual(datagram.length)
    }),
    { numRuns: 5_000 },
  )
})

describe.each(['client', 'server'] as const)(
  'messages that were changed before they were protected',
  (role) => {
    /** Changes some bytes of some messages, and cuts off or lengthens others. */
    function mutate(random: Random): Lie {
      return (_type, body) => {
        if (!random.chance(0.3)) return body
        const copy = new Uint8Array(random.chance(0.8) ? body.length : random.int(2 * body.length + 1))
        copy.set(body.subarray(0, copy.length))
        for (let changes = 1 + random.int(3); changes > 0 && copy.length > 0; changes--)
          copy[random.int(copy.length)] = random.int(256)
        return copy
      }
    }

    test(`end an honest ${role}’s handshake with an alert, or are none of its business`, () => {
      const verdicts = new Map<string, number>()
      for (let seed = 0; seed < 150; seed++) {
        const trial = new Trial(role, mutate(new Random(seed)))
        const [verdict = ''] = trial.verdict.split(':')
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
        // Only those who changed nothing get through.
        if (verdict !== 'connected') expect(trial.honest.session).toBeNull()
      }
      expect(verdicts.size).toBeGreaterThan(5)
      expect(verdicts.get('decode')).toBeGreaterThan(5)
    })
  },
)
