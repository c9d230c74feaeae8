import { once } from 'node:events'
import { createServer } from 'node:net'

import { describe, expect, test } from '@jest/globals'
import { formatAddress, MessageClass, StreamFramer, StunMessage, transportAddress } from '@purertc/stun'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { createTurnClient, createTurnServer, type ServerLink } from '../src/node/index.ts'
import { StreamConnection } from '../src/node/stream-connection.ts'
import {
  addressOf,
  bindingRequest,
  closing,
  on,
  relayedOf,
  startClient,
  startServer,
  stranger,
} from './loopback.ts'
import { cert } from './vectors/localhost-certificate.ts'

describe('clients over streams', () => {
  test.each(['tcp', 'tls'])('%s: data of every length goes both ways', async (transport) => {
    stopClock()
    const server = await startServer()
    const ann = await startClient(server, transport)
    const bob = await startClient(server, transport === 'tcp' ? 'tls' : 'udp')
    const [toAnn, toBob] = [relayedOf(ann), relayedOf(bob)]
    ann.createPermission(toBob)
    // Two allocations and a permission.
    await eventually(() => server.answered.get('success') === 3)
    const greeted = once(ann, 'message')
    bob.send(toAnn, new Uint8Array(1))
    await greeted
    for (const [i, size] of [0, 1, 2, 3, 4, 5, 1_200, 1_201, 9_001, 20_003].entries()) {
      const [atBob, atAnn] = [once(bob, 'message'), once(ann, 'message')]
      const data = new Uint8Array(size).fill(i)
      ann.send(toBob, data)
      expect(await atBob).toEqual([data, toAnn])
      bob.send(toAnn, data)
      expect(await atAnn).toEqual([data, toBob])
    }
    const deleted = once(server, 'allocationDeleted')
    await ann.close()
    expect((await deleted)[1]).toBe('released')
  })

  test('Binding requests are answered, however they are cut', async () => {
    const server = await startServer()
    const socket = await stranger(server)
    const answers: string[] = []
    const framer = new StreamFramer((bytes) =>
      answers.push(StunMessage.decode(bytes)?.class.toString() ?? ''),
    )
    socket.on('data', (chunk) => framer.push(chunk))
    socket.setNoDelay(true)
    for (const byte of bindingRequest) socket.write(Uint8Array.of(byte))
    for (let i = 0; i < 9; i++) socket.write(bindingRequest)
    await eventually(() => answers.length === 10)
    expect(new Set(answers)).toEqual(new Set([String(MessageClass.successResponse)]))
  })

  test('an allocation ends with its connection', async () => {
    const server = await startServer()
    const socket = await stranger(server)
    const raw = new StreamConnection(socket, false, {
      received: (bytes) => heard(bytes),
      ended: () => failed(),
    })
    let heard: (bytes: Uint8Array) => void = () => undefined
    let failed: () => void = () => undefined
    const link: ServerLink = {
      isReliable: true,
      start: (received, lost) => {
        heard = received
        failed = () => lost(new Error('lost'))
      },
      send: (bytes) => raw.send(bytes),
      close: () => raw.close(),
    }
    const client = await startClient(server, 'tcp', { link })
    expect(server.allocations).toHaveLength(1)
    const [deleted, lost] = [once(server, 'allocationDeleted'), once(client, 'error')]
    socket.resetAndDestroy()
    expect((await deleted)[1]).toBe('disconnected')
    expect(await lost).toMatchObject([{ code: 'transport' }])
    expect(server.disconnected.get('failed')).toBe(1)
  })

  test('a server that closes the connection is an error, and an allocation refused is one too', async () => {
    const server = await startServer()
    await expect(startClient(server, 'tls', { password: 'guess' })).rejects.toMatchObject({ code: 401 })
    const client = await startClient(server, 'tls')
    const lost = once(client, 'error')
    await server.close()
    expect(await lost).toMatchObject([{ code: 'transport' }])
    expect(client.relayedAddress).toBeNull()
  })

  test('a certificate that nobody vouches for, a wrong name, or no server: there is no client', async () => {
    const server = await startServer()
    const transport = { code: 'transport' }
    await expect(startClient(server, 'tls', { tls: {} })).rejects.toMatchObject(transport)
    const named = { tls: { ca: cert, servername: 'example.org' } }
    await expect(startClient(server, 'tls', named)).rejects.toMatchObject(transport)
    await expect(
      startClient(server, 'tcp', { server: 'turn:127.0.0.1:1?transport=tcp' }),
    ).rejects.toMatchObject(transport)
    // It is TCP that listens there, and says nothing to a ClientHello.
    const silent = `turns:${formatAddress(addressOf(server, 'tcp'))}`
    await expect(startClient(server, 'tcp', { server: silent, connectTimeout: 0.2 })).rejects.toMatchObject(
      transport,
    )
    expect(server.allocations).toEqual([])
  })

  test('a server that never finishes its handshake costs the client a bounded time', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    closing(silent)
    const { port } = silent.address() as { port: number }
    const server = `turns:127.0.0.1:${port}`
    const options = { server, username: 'ann', password: 'secret', connectTimeout: 0.2 }
    await expect(createTurnClient(options)).rejects.toMatchObject({ code: 'transport' })
  })
})

describe('listeners', () => {
  test('come and go while the server runs', async () => {
    const server = await startServer({ listen: on('udp') })
    const at = await server.listen({ ...transportAddress('127.0.0.1', 0), transport: 'tcp' })
    expect(server.addresses.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    const client = await startClient(server, 'tcp')
    const other = await startClient(server, 'udp')
    const [lost, deleted] = [once(client, 'error'), once(server, 'allocationDeleted')]
    expect(await server.unlisten(at)).toBe(true)
    expect((await deleted)[1]).toBe('closed')
    expect(await lost).toMatchObject([{ code: 'transport' }])
    expect(await server.unlisten(at)).toBe(false)
    expect(server.allocations).toHaveLength(1)
    expect(other.relayedAddress).not.toBeNull()
    const again = await server.listen(at)
    expect(again).toEqual(at)
    await (await startClient(server, 'tcp')).close()
  })

  test('on TLS need a certificate, and a transport must be one of ours', async () => {
    const server = await startServer({ listen: on('udp') })
    const at = transportAddress('127.0.0.1', 0)
    await expect(server.listen({ ...at, transport: 'sctp' })).rejects.toMatchObject({
      code: 'invalid-config',
    })
    await expect(
      createTurnServer({
        listen: on('tls'),
        realm: 'example.org',
        authenticate: {},
      }),
    ).rejects.toMatchObject({ code: 'invalid-config' })
  })

  test('a port that another program has is an error, with nothing left open', async () => {
    const server = await startServer()
    const at = addressOf(server, 'tcp')
    await expect(server.listen(at)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(server.addresses).toHaveLength(3)
  })
})
