import { describe, expect, test } from '@jest/globals'

import { encodeNewConnectionId } from '../../src/dtls13/messages/new-connection-id.ts'
import { encodeRequestConnectionId } from '../../src/dtls13/messages/request-connection-id.ts'
import { ConnectionId } from '../../src/extensions/connection-id.ts'
import { ContentType } from '../../src/protocol/content-type.ts'
import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { Trial as Trial13 } from '../dtls13/liar.ts'
import { Trial as Trial12 } from '../negative/liar.ts'
import { clientHello, handshakeMessage, serverHello, withExtension } from '../negative/lies.ts'

const withIds = { honest: { connectionId: 4 }, liar: { connectionId: 4 } }
const challenge = new Uint8Array(9)

describe.each([
  ['1.2', Trial12],
  ['1.3', Trial13],
])('DTLS %s', (_version, Trial) => {
  const after = (config: typeof withIds | undefined, type: number, content: Uint8Array): string => {
    const trial = new Trial('server', undefined, config)
    expect(trial.verdict).toBe('connected')
    trial.liar.sendRecord(type, content)
    trial.settle()
    return trial.verdict
  }

  test('a connection ID that the client has not asked for', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, ConnectionId, Uint8Array.of(1)))
    expect(new Trial('client', lie).verdict).toMatch(/^unsolicited-extension: unsupported_extension/)
  })

  test('an answer about return routability without a connection ID', () => {
    const lie = serverHello(({ extensions }) => withExtension(extensions, ConnectionId))
    expect(new Trial('client', lie, withIds).verdict).toMatch(/^illegal-parameter: illegal_parameter/)
  })

  test('an extension that is longer than its connection ID', () => {
    const tooLong = {
      ...ConnectionId,
      encode: (writer: Parameters<typeof ConnectionId.encode>[0]) => writer.u16(0),
    }
    const byClient = clientHello(({ extensions }) => withExtension(extensions, tooLong, new Uint8Array(0)))
    expect(new Trial('server', byClient, withIds).verdict).toMatch(/^decode: decode_error/)
    const byServer = serverHello(({ extensions }) => withExtension(extensions, tooLong, new Uint8Array(0)))
    expect(new Trial('client', byServer, withIds).verdict).toMatch(/^decode: decode_error/)
  })

  test('a routability check that was not agreed on', () => {
    expect(after(undefined, ContentType.returnRoutabilityCheck, challenge)).toMatch(
      /^connected, then unexpected-message: unexpected_message/,
    )
    const silent = { ...withIds, liar: { connectionId: 4, returnRoutability: 'application' as const } }
    const trial = new Trial('server', undefined, silent)
    expect(trial.verdict).toBe('connected')
    trial.liar.sendRecord(ContentType.returnRoutabilityCheck, challenge)
    trial.settle()
    expect(trial.verdict).toMatch(/^connected, then unexpected-message/)
  })

  test('a routability check that is none', () => {
    for (const content of [new Uint8Array(0), new Uint8Array(8), new Uint8Array(10)])
      expect(after(withIds, ContentType.returnRoutabilityCheck, content)).toMatch(
        /^connected, then decode: decode_error/,
      )
  })

  test('one of a type that is still to be invented, or an answer to nothing, is ignored', () => {
    for (const type of [1, 2, 3, 255])
      expect(
        after(withIds, ContentType.returnRoutabilityCheck, Uint8Array.of(type, 1, 2, 3, 4, 5, 6, 7, 8)),
      ).toBe('connected')
  })

  test('a record within a record', () => {
    expect(after(withIds, ContentType.tls12Cid, challenge)).toMatch(/^connected, then unexpected-message/)
  })
})

describe('messages about connection IDs', () => {
  const { newConnectionId, requestConnectionId } = HandshakeType
  const spare = encodeNewConnectionId({ ids: [Uint8Array.of(1, 2, 3)], usage: 'spare' })

  const after = (
    config: ConstructorParameters<typeof Trial13>[2],
    ...messages: readonly (readonly [HandshakeType, Uint8Array])[]
  ): string => {
    const trial = new Trial13('server', undefined, config)
    expect(trial.verdict).toBe('connected')
    let sequence = 4
    for (const [type, body] of messages)
      trial.liar.sendRecord(ContentType.handshake, handshakeMessage(type, sequence++, body))
    trial.settle()
    return trial.verdict
  }
  const unexpected = 'connected, then unexpected-message: unexpected_message in epoch 3'
  const wantsNone = { honest: { connectionId: 4 }, liar: { connectionId: 0 } }
  const hasNone = { honest: { connectionId: 0 }, liar: { connectionId: 4 } }

  test('where none were agreed on', () => {
    expect(after(undefined, [newConnectionId, spare])).toBe(unexpected)
    expect(after(undefined, [requestConnectionId, encodeRequestConnectionId(1)])).toBe(unexpected)
  })

  test('by a peer that wants none in its records', () => {
    expect(after(wantsNone, [newConnectionId, spare])).toBe(unexpected)
  })

  test('by a peer whose records carry none', () => {
    expect(after(hasNone, [requestConnectionId, encodeRequestConnectionId(1)])).toBe(unexpected)
  })

  test('that are malformed', () => {
    const illegal = 'connected, then illegal-parameter: illegal_parameter in epoch 3'
    const decode = 'connected, then decode: decode_error in epoch 3'
    expect(after(withIds, [newConnectionId, Uint8Array.of(0, 0, 2)])).toBe(illegal)
    expect(after(withIds, [newConnectionId, Uint8Array.of(0, 0, 0)])).toBe(illegal)
    expect(after(withIds, [newConnectionId, Uint8Array.of(0, 1, 0, 1)])).toBe(decode)
    expect(after(withIds, [newConnectionId, Uint8Array.of(0, 2, 5, 1, 1)])).toBe(decode)
    expect(after(withIds, [requestConnectionId, new Uint8Array(0)])).toBe(decode)
    expect(after(withIds, [requestConnectionId, new Uint8Array(2)])).toBe(decode)
  })

  test('that ask again and again', () => {
    const request = [requestConnectionId, encodeRequestConnectionId(255)] as const
    const patient = Array.from({ length: 10 }, () => request)
    expect(after(withIds, ...patient)).toBe('connected')
    const greedy = Array.from({ length: 30 }, () => request)
    expect(after(withIds, ...greedy)).toBe(
      'connected, then too-many-connection-ids: too_many_cids_requested in epoch 3',
    )
  })
})
