import { once } from 'node:events'
import { Server } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { describe, expect, jest, test } from '@jest/globals'
import { Random } from '@purertc/netsim'
import { transportAddress } from '@purertc/stun'

import { seemToComeFrom } from '../../bytes/test/support/seeming-addresses.ts'
import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { addressOf, bindingRequest, closing, ended, startClient, startServer, stranger } from './loopback.ts'
import { cert } from './vectors/localhost-certificate.ts'

describe('hostile streams', () => {
  test('what is no TURN ends the connection, and nothing else', async () => {
    const server = await startServer()
    const client = await startClient(server, 'tcp')
    const socket = await stranger(server)
    socket.write('POST / HTTP/1.1\r\n\r\n')
    await ended(socket)
    expect(server.disconnected.snapshot()).toEqual({ 'not-a-frame': 1 })
    expect(client.relayedAddress).not.toBeNull()
  })

  test('200 connections of noise leave the server as it was', async () => {
    const server = await startServer()
    const client = await startClient(server, 'tcp')
    const random = new Random(5)
    for (let i = 0; i < 200; i++) {
      const socket = await stranger(server)
      const noise = new Uint8Array(2 + random.int(300))
      random.fill(noise)
      if (random.chance(0.5)) noise.set(bindingRequest.subarray(0, random.int(Math.min(noise.length, 29))))
      if (random.chance(0.5)) noise.set([0x40, 0x00])
      socket.end(noise)
      socket.resume()
      await ended(socket)
    }
    await eventually(() => server.disconnected.total === 200)
    expect(server.allocations).toHaveLength(1)
    client.createPermission(transportAddress('127.0.0.1', 9))
    await client.close()
  })

  test('one address has so many connections, all have so many', async () => {
    const server = await startServer({ connections: { connectionsPerAddress: 2, maxConnections: 2 } })
    await stranger(server)
    await stranger(server)
    await ended(await stranger(server))
    expect(server.disconnected.snapshot()).toEqual({ 'too-many': 1 })
    const other = await startServer({ connections: { connectionsPerAddress: 1 } })
    const first = await stranger(other)
    await ended(await stranger(other))
    expect(other.disconnected.snapshot()).toEqual({ 'address-limit': 1 })
    first.destroy()
    await eventually(() => other.disconnected.get('ended') === 1)
    const third = await stranger(other)
    third.write(bindingRequest)
    await once(third, 'data')
  })

  test('a /64 of IPv6 is one address', async () => {
    const server = await startServer({ connections: { connectionsPerAddress: 2 } })
    const addresses = ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', '2001:db8::3']
    seemToComeFrom(Server, 'connection', 'remoteAddress', addresses)
    for (let i = 0; i < 3; i++) await stranger(server)
    await ended(await stranger(server))
    expect(server.disconnected.snapshot()).toEqual({ 'address-limit': 1 })
  })

  test('who says nothing, or half of something, is shown the door; who has an allocation is not', async () => {
    // But for the handshake, whose time is TLS's own.
    stopClock()
    const server = await startServer({ connections: { idleTimeout: 1 } })
    const client = await startClient(server, 'tcp')
    const mute = await stranger(server)
    const slow = await stranger(server)
    const unfinished = await stranger(server, 'tls')
    const ends = Promise.all([mute, slow, unfinished].map(ended))
    const dripping = setInterval(() => slow.write(Uint8Array.of(0)), 20)
    jest.advanceTimersByTime(2_000)
    await ends
    clearInterval(dripping)
    expect(server.disconnected.get('idle')).toBeGreaterThanOrEqual(1)
    expect(server.disconnected.get('handshake')).toBe(1)
    expect(client.relayedAddress).not.toBeNull()
  })

  test('noise instead of TLS is counted', async () => {
    const server = await startServer()
    const socket = await stranger(server, 'tls')
    socket.write(bindingRequest)
    await ended(socket)
    await eventually(() => server.disconnected.get('handshake') === 1)
    const secure = connectTls({ ...addressOf(server, 'tls'), host: '127.0.0.1', ca: cert })
    closing({ close: () => secure.destroy() })
    await once(secure, 'secureConnect')
    secure.write(bindingRequest)
    await once(secure, 'data')
  })
})
