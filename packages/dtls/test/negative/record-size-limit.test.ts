import { describe, expect, test } from '@jest/globals'
import { Writer } from '@purertc/bytes'

import { RecordSizeLimit } from '../../src/extensions/record-size-limit.ts'
import { DtlsError } from '../../src/index.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { Trial as Trial13 } from '../dtls13/liar.ts'
import { Trial as Trial12 } from './liar.ts'
import type { Lie } from './trial.ts'
import { clientHello, instead, serverHello, withExtension } from '../negative/lies.ts'
import { only12, Pair, upTo13 } from '../pair.ts'

const limitOf = (limit: number): Uint8Array => {
  const writer = new Writer(2)
  writer.u16(limit)
  return writer.finish()
}

/** EncryptedExtensions with nothing but a limit. */
const encryptedLimit = (limit: number): Lie =>
  instead(HandshakeType.encryptedExtensions, () => Uint8Array.of(0, 6, 0, 28, 0, 2, ...limitOf(limit)))

describe.each([
  ['1.2', only12, Trial12, 0],
  ['1.3', upTo13, Trial13, 1],
])('record_size_limit in DTLS %s (RFC 8449)', (version, versions, Trial, typeLength) => {
  const pairOf = (client?: number, server?: number): Pair =>
    new Pair({
      client: { versions, ...(client !== undefined && { recordSizeLimit: client }) },
      server: { versions, ...(server !== undefined && { recordSizeLimit: server }) },
    }).handshake()

  test('is 16,384 bytes where nobody wants less', () => {
    const pair = pairOf()
    expect(pair.client.association.maxMessageSize).toBe(16_384)
    expect(pair.server.association.maxMessageSize).toBe(16_384)
    pair.client.association.send(pair.sim.now, new Uint8Array(16_384))
    pair.sim.advance(100)
    expect(pair.server.messages[0]?.length).toBe(16_384)
  })

  test.each([
    [64, 1_000],
    [16_385, 64],
    [512, 512],
  ])('is what the other end says: %s bytes to the client, %s to the server', (client, server) => {
    const pair = pairOf(client, server)
    expect(pair.isConnected).toBe(true)
    const ends = [
      [pair.client, pair.server, server],
      [pair.server, pair.client, client],
    ] as const
    for (const [from, to, limit] of ends) {
      const size = Math.min(limit - typeLength, 16_384)
      expect(from.association.maxMessageSize).toBe(size)
      from.association.send(pair.sim.now, new Uint8Array(size))
      expect(() => from.association.send(pair.sim.now, new Uint8Array(size + 1))).toThrow(DtlsError)
      pair.sim.advance(100)
      expect(to.messages.map((message) => message.length)).toEqual([size])
    }
  })

  test('counts the type that a connection ID hides', () => {
    const pair = new Pair({
      client: { versions, recordSizeLimit: 100, connectionId: 5 },
      server: { versions, connectionId: 0 },
    }).handshake()
    expect(pair.server.association.maxMessageSize).toBe(99)
    pair.server.association.send(pair.sim.now, new Uint8Array(99))
    pair.sim.advance(100)
    expect(pair.client.messages[0]?.length).toBe(99)
  })

  test('ends the association where the peer sends more', () => {
    const limits = { honest: { recordSizeLimit: 200 } }
    const trial = new Trial('server', undefined, limits)
    trial.liar.sendRecord(ContentType.applicationData, new Uint8Array(200 - typeLength))
    trial.settle()
    expect(trial.verdict).toBe('connected')
    trial.liar.sendRecord(ContentType.applicationData, new Uint8Array(201 - typeLength))
    trial.settle()
    expect(trial.verdict).toMatch(/^connected, then record-overflow: record_overflow/)
  })

  test('is not less than 64 bytes', () => {
    const byClient = clientHello(({ extensions }) => withExtension(extensions, RecordSizeLimit, 63))
    expect(new Trial('server', byClient).verdict).toMatch(/^illegal-parameter: illegal_parameter/)
    const byServer =
      version === '1.2'
        ? serverHello(({ extensions }) => withExtension(extensions, RecordSizeLimit, 63))
        : encryptedLimit(63)
    expect(new Trial('client', byServer).verdict).toMatch(/^illegal-parameter: illegal_parameter/)
  })

  test.each([63, 16_386, 100.5, Number.NaN])('is not configured as %s', (recordSizeLimit) => {
    expect(() => new Pair({ client: { versions, recordSizeLimit } })).toThrow(DtlsError)
  })
})

describe.each([
  ['1.2', Trial12],
  ['1.3', Trial13],
])('a heartbeat in DTLS %s (RFC 6520) is refused', (version, Trial) => {
  const heartbeat = 24
  /** heartbeat_request, with 3 bytes of payload that claim to be 16,384. */
  const request = Uint8Array.of(1, 0x40, 0, 1, 2, 3, ...new Uint8Array(16))

  test('under keys, by the end of the association', () => {
    const trial = new Trial('server')
    trial.liar.sendRecord(heartbeat, request)
    trial.settle()
    expect(trial.verdict).toMatch(/^connected, then unexpected-message: unexpected_message/)
  })

  const rawHeartbeat = { ...RecordSizeLimit, type: 15, encode: (writer: Writer) => writer.u8(1) }

  test('as an offer, without an answer', () => {
    const lie = clientHello(({ extensions }) => withExtension(extensions, rawHeartbeat, 1))
    const trial = new Trial('server', lie)
    // The offer is passed over. In 1.3 the liar then waits, since its own transcript is without the lie.
    expect(trial.verdict).toBe(version === '1.2' ? 'connected' : 'waiting')
  })

  test('as an answer, since nobody has asked', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, rawHeartbeat, 1))
    expect(new Trial('client', lie).verdict).toMatch(/^unsolicited-extension: unsupported_extension/)
  })
})
