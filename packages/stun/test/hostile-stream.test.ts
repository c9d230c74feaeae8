import { Server } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'

import { AlternateDomain, Data, MessageBuilder } from '../src/index.ts'
import { seemToComeFrom } from '../../bytes/test/support/seeming-addresses.ts'
import { eventually } from '../../bytes/test/support/still-clock.ts'
import { request } from './pair.ts'

import { at, dial, ended, numbered, plain, serve } from './stream-stage.ts'

describe('hostile peers of a stream listener are cut off and counted', () => {
  test.each([
    ['what is no STUN', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'), 'not-a-frame'],
    ['a message that promises too much', request().add(Data, new Uint8Array(5_000)).build(), 'too-large'],
  ])('%s', async (_case, bytes, reason) => {
    const server = await serve()
    const socket = await plain(server)
    socket.write(bytes)
    await ended(socket)
    expect(server.dropped.snapshot()).toEqual({ [reason]: 1 })
    expect(server.connections).toBe(0)
  })

  test('silence, and a trickle of bytes that never makes a message', async () => {
    const server = await serve({ limits: { idleTimeout: 60 } })
    const silent = await plain(server)
    const slow = await plain(server)
    const message = request().add(Data, new Uint8Array(1_000)).build()
    const trickle = setInterval(() => slow.write(message.slice(0, 1)), 10)
    await Promise.all([ended(silent), ended(slow)])
    clearInterval(trickle)
    expect(server.dropped.get('idle') + server.dropped.get('not-a-frame')).toBe(2)
    expect(server.dropped.get('idle')).toBeGreaterThan(0)
  })

  test('more connections than there may be, in all and of one address', async () => {
    const server = await serve({ limits: { maxConnections: 2 } })
    const kept = [await plain(server), await plain(server)]
    await ended(await plain(server))
    await eventually(() => server.dropped.get('too-many') === 1)
    const strict = await serve({ limits: { maxConnectionsPerAddress: 1 } })
    const first = await plain(strict)
    await ended(await plain(strict))
    expect(strict.dropped.snapshot()).toEqual({ 'too-many-of-address': 1 })
    // When one leaves there is room again.
    first.destroy()
    await eventually(() => strict.connections === 0)
    await expect((await dial(strict)).bind()).resolves.toBeDefined()
    for (const socket of kept) expect(socket.destroyed).toBe(false)
  })

  test('a /64 of IPv6 is one address', async () => {
    const server = await serve({ limits: { maxConnectionsPerAddress: 1 } })
    const addresses = ['2001:db8::1', '2001:db8:0:1::1', '2001:db8::2']
    seemToComeFrom(Server, 'connection', 'remoteAddress', addresses)
    await plain(server)
    await plain(server)
    await ended(await plain(server))
    expect(server.dropped.snapshot()).toEqual({ 'too-many-of-address': 1 })
    expect(server.connections).toBe(2)
  })

  test('a peer that asks and never reads', async () => {
    const server = await serve({ limits: { maxUnsent: 10_000 } })
    const socket = await plain(server)
    socket.pause()
    const many = concatBytes(...Array.from({ length: 200 }, (_, n) => numbered(n & 0xff).finish()))
    while (!socket.destroyed && server.dropped.total === 0) {
      socket.write(many)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(server.dropped.snapshot()).toEqual({ 'not-reading': 1 })
  })

  test('a TLS handshake that fails, and one that never ends', async () => {
    const server = await serve({
      listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }],
      limits: { handshakeTimeout: 50 },
    })
    const nonsense = await plain(server)
    nonsense.write('no ClientHello')
    await ended(nonsense)
    await ended(await plain(server))
    const untrusting = connectTls({ host: '127.0.0.1', port: at(server).port })
    await ended(untrusting)
    await eventually(() => server.connections === 0)
    expect(server.dropped.get('handshake')).toBeGreaterThanOrEqual(2)
  })

  test('what they send besides requests is counted and not answered', async () => {
    const server = await serve()
    const socket = await plain(server)
    socket.on('data', () => {
      throw new Error('answered')
    })
    const indication = new MessageBuilder(1, 1, new Uint8Array(12)).finish()
    // Well framed, and not well-formed: an attribute that does not fit.
    const malformed = request().add(AlternateDomain, 'x').build()
    malformed[23] = 0xff
    socket.write(concatBytes(indication, malformed))
    await eventually(() => server.discarded.total === 2)
    expect(server.discarded.snapshot()).toEqual({ 'not-a-request': 1, malformed: 1 })
  })
})
