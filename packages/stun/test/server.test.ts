import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  MessageBuilder,
  MessageClass,
  Method,
  StunError,
  type StunMessage,
  StunServer,
  type StunServerConfig,
  type StunServerHost,
  type TransportAddress,
  transportAddress,
  UnknownAttributes,
  XorMappedAddress,
} from '../src/index.ts'
import { decode, otherAddress, request, serverAddress } from './pair.ts'

const longTerm = { realm: 'example.org', password: (name: string) => (name === 'user' ? 'secret' : null) }
describe('the server', () => {
  const from = transportAddress('192.0.2.7', 4242)

  test('answers from the address that was asked', () => {
    const sent: [TransportAddress, TransportAddress][] = []
    const server = new StunServer(
      { crypto: nodeCrypto },
      { transmit: (to, _bytes, local) => sent.push([to, local]) },
    )
    server.handleDatagram(Millis(0), from, otherAddress, request().finish())
    expect(sent).toEqual([[from, otherAddress]])
  })

  test('names what it does not understand: 420, never more than fits', () => {
    const types = Array.from({ length: 300 }, (_, i) => 0x4000 + i)
    const builder = request()
    for (const type of types)
      builder.add({ type, name: 'X', decode: () => null, encode: () => undefined }, null)
    const [response] = serve({ software: 'x'.repeat(200) }, builder.finish())
    expect(response!.class).toBe(MessageClass.errorResponse)
    expect(response!.get(UnknownAttributes)).toEqual(types.slice(0, 32))
    expect(response!.wire.length).toBeLessThanOrEqual(548)
  })

  test('no configuration makes an answer larger than 548 bytes', () => {
    for (let length = 0; length <= 700; length += 50) {
      const config = {
        software: 'é'.repeat(length / 2),
        longTerm: { ...longTerm, realm: 'r'.repeat(256), passwordHashes: ['sha256', 'md5'] as const },
      }
      const [response] = serve(config, request().finish())
      expect(response!.wire.length).toBeLessThanOrEqual(548)
    }
    expect(() => serve({ longTerm: { ...longTerm, realm: 'é'.repeat(129) } }, request().finish())).toThrow(
      StunError,
    )
  })

  test('RFC 8489 §6.3: answers no indication, no response, no other method, no noise', () => {
    const discarded: unknown[] = []
    for (const bytes of [
      new MessageBuilder(Method.binding, MessageClass.indication, new Uint8Array(12)).finish(),
      new MessageBuilder(Method.binding, MessageClass.successResponse, new Uint8Array(12)).finish(),
      new MessageBuilder(Method.binding, MessageClass.errorResponse, new Uint8Array(12)).finish(),
      new MessageBuilder(Method.allocate, MessageClass.request, new Uint8Array(12)).finish(),
      new Uint8Array(20),
      request().finish().subarray(0, 24),
    ]) {
      const server = new StunServer(
        { crypto: nodeCrypto },
        {
          transmit: () => {
            throw new Error('answered')
          },
        },
      )
      server.handleDatagram(Millis(0), from, serverAddress, bytes)
      discarded.push(server.discarded.snapshot())
    }
    expect(discarded).toEqual([
      { 'not-a-request': 1 },
      { 'not-a-request': 1 },
      { 'not-a-request': 1 },
      { 'unknown-method': 1 },
      { malformed: 1 },
      { malformed: 1 },
    ])
  })

  test('the host may keep answers back', () => {
    const asked: (number | null)[] = []
    const host = {
      answering: (_client: TransportAddress, code: number | null) => {
        asked.push(code)
        return false
      },
    }
    expect(serve({}, request().finish(), host)).toEqual([])
    expect(serve({ longTerm }, request().finish(), host)).toEqual([])
    expect(asked).toEqual([null, 401])
  })

  test('sees IPv6 clients', () => {
    const client = transportAddress('2001:db8::7', 4242)
    const [response] = serve({}, request().finish(), {}, client)
    expect(response!.get(XorMappedAddress)).toEqual(client)
  })

  function serve(
    config: Omit<StunServerConfig, 'crypto'>,
    bytes: Uint8Array,
    host: Partial<StunServerHost> = {},
    client: TransportAddress = from,
  ): StunMessage[] {
    const sent: StunMessage[] = []
    const server = new StunServer(
      { crypto: nodeCrypto, ...config },
      { transmit: (_to, answer) => sent.push(decode(answer)), ...host },
    )
    server.handleDatagram(Millis(0), client, serverAddress, bytes)
    return sent
  }
})
