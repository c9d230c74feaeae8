import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import { describe, expect, test } from '@jest/globals'
import { monotonicNow } from '@purertc/bytes/node'
import { nodeCrypto } from '@purertc/crypto/node'
import { Method, transportAddress } from '@purertc/stun'
import { discoverMappedAddress } from '@purertc/stun/node'

import { formatMetrics, timeLimitedCredentials, TurnClient } from '../src/index.ts'
import { createTurnClient, createTurnServer } from '../src/node/index.ts'
import { stopClock } from '../../bytes/test/support/still-clock.ts'
import { closing, startClient, startServer, uriOf } from './loopback.ts'

async function echoPeer(address = '127.0.0.1'): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address))
  socket.bind(0, address)
  await once(socket, 'listening')
  return closing(socket)
}

describe('over real sockets', () => {
  test.each(['127.0.0.1', '::1'])('relays both ways on %s', async (address) => {
    const server = await startServer({ listen: [{ address, port: 0 }] })
    const created = once(server, 'allocationCreated')
    const client = await startClient(server, 'udp', { family: address === '::1' ? 'IPv6' : 'IPv4' })
    expect(client.relayedAddress?.address).toBe(address)
    expect(await created).toMatchObject([{ username: 'ann', client: client.mappedAddress }])
    const peer = await echoPeer(address)
    const to = transportAddress(address, peer.address().port)
    const answered = once(client, 'answer')
    client.createPermission(to)
    expect(await answered).toEqual([{ method: Method.createPermission, peer: to, error: null }])
    const bound = once(client, 'answer')
    client.bindChannel(to)
    expect(await bound).toEqual([{ method: Method.channelBind, peer: to, error: null }])
    const sizes = [0, 1, 1_200, 8_000, 1_200, 1]
    for (const [i, size] of sizes.entries()) {
      const echoed = once(client, 'message')
      client.send(to, new Uint8Array(size).fill(i))
      expect(await echoed).toEqual([new Uint8Array(size).fill(i), to])
    }
    expect(server.allocations[0]?.toPeers).toEqual({ datagrams: 6, bytes: 10_402 })
    const deleted = once(server, 'allocationDeleted')
    await client.close()
    expect((await deleted)[1]).toBe('released')
  })

  test('answers Binding requests on the same port', async () => {
    stopClock()
    const server = await startServer()
    const mapped = await discoverMappedAddress(uriOf(server).replace('turn:', 'stun:'))
    expect(mapped.address).toBe('127.0.0.1')
    expect(server.answered.snapshot()).toEqual({ success: 1 })
  })

  test('tells clients the advertised address', async () => {
    const server = await startServer({ relayAddress: '0.0.0.0', advertisedAddress: '198.51.100.1' })
    const client = await startClient(server)
    expect(client.relayedAddress?.address).toBe('198.51.100.1')
  })

  test('takes another port where one is taken, and refuses when there is none', async () => {
    const socket = await echoPeer()
    const { port } = socket.address()
    const server = await startServer({ portRange: { min: port, max: port } })
    await expect(startClient(server)).rejects.toMatchObject({ code: 508 })
    expect(server.allocations).toEqual([])
  })

  test('reports what the system refuses, and goes on', async () => {
    const server = await startServer({ relayAddress: '192.168.255.254' })
    const errors: Error[] = []
    server.on('error', (error) => errors.push(error))
    await expect(startClient(server)).rejects.toMatchObject({ code: 508 })
    expect(errors.length).toBeGreaterThan(0)
  })

  test('refuses a loopback peer unless it is allowed', async () => {
    const server = await startServer({ allowLoopbackPeers: false })
    const client = await startClient(server)
    const refused = once(client, 'peerRefused')
    client.send(transportAddress('127.0.0.1', 9), new Uint8Array(1))
    expect(await refused).toMatchObject([{ port: 9 }, { code: 403 }])
  })

  test('a map and a function know users too', async () => {
    for (const authenticate of [new Map([['ann', 'secret']]), () => 'secret'])
      await (await startClient(await startServer({ authenticate }))).close()
    const server = await startServer({ authenticate: {} })
    await expect(startClient(server)).rejects.toMatchObject({ code: 401 })
    await expect(startClient(server, 'udp', { username: 'toString' })).rejects.toMatchObject({ code: 401 })
  })

  test('users are found by promise, once for a while; a store that fails refuses nobody', async () => {
    let asked = 0
    let isDown = true
    const authenticate = async (username: string): Promise<string | null> => {
      asked++
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (isDown) throw new Error('the store is down')
      return username === 'ann' ? 'secret' : null
    }
    const server = await startServer({ authenticate })
    const errors: string[] = []
    server.on('error', (error) => {
      errors.push(error.message)
      isDown = false
    })
    const client = await startClient(server)
    expect(errors).toEqual(['the store is down'])
    expect(asked).toBe(2)
    client.createPermission(transportAddress('127.0.0.1', 9))
    await expect(startClient(server, 'udp', { password: 'guess' })).rejects.toMatchObject({ code: 401 })
    expect(asked).toBe(2)
    await expect(startClient(server, 'udp', { username: 'eve' })).rejects.toMatchObject({ code: 401 })
    expect(asked).toBe(3)
  })

  test('a shared secret makes users, beside others', async () => {
    const server = await startServer({ sharedSecret: 'north', allocationsPerUser: 1 })
    const inAnHour = Math.floor(Date.now() / 1000) + 3600
    const good = timeLimitedCredentials(nodeCrypto, 'north', 'bob', inAnHour)
    await startClient(server, 'udp', good)
    await startClient(server)
    const again = timeLimitedCredentials(nodeCrypto, 'north', 'bob', inAnHour + 1)
    await expect(startClient(server, 'udp', again)).rejects.toMatchObject({ code: 486 })
    const past = timeLimitedCredentials(nodeCrypto, 'north', 'bob', inAnHour - 3601)
    await expect(startClient(server, 'udp', past)).rejects.toMatchObject({ code: 401 })
    const other = timeLimitedCredentials(nodeCrypto, 'south', 'bob', inAnHour)
    await expect(startClient(server, 'udp', other)).rejects.toMatchObject({ code: 401 })
  })

  test('draining waits for the last allocation, with some patience', async () => {
    const server = await startServer()
    const client = await startClient(server)
    expect(await server.drain(0.05)).toBe(false)
    await expect(startClient(server)).rejects.toMatchObject({ code: 508 })
    const drained = server.drain()
    await client.close()
    expect(await drained).toBe(true)
    expect(await server.drain()).toBe(true)
  })

  test('tells figures, and what was dropped', async () => {
    const server = await startServer()
    const client = await startClient(server)
    const dropped = once(server, 'discarded')
    const socket = await echoPeer()
    socket.send('knock', client.relayedAddress?.port, '127.0.0.1')
    expect(await dropped).toMatchObject([
      'no-permission',
      { port: socket.address().port },
      5,
      { username: 'ann' },
    ])
    expect(formatMetrics(server.metrics())).toContain('turn_allocations 1\n')
  })

  test('close releases all, a relay that is being opened too', async () => {
    let asked: () => void = () => {}
    const request = new Promise<void>((resolve) => (asked = resolve))
    const beforeAllocate = (): boolean => {
      asked()
      return true
    }
    const server = await startServer({ beforeAllocate })
    const [address] = server.addresses
    const socket = await echoPeer()
    const client: TurnClient = new TurnClient(
      {
        crypto: nodeCrypto,
        server: address ?? transportAddress('::', 0),
        username: 'ann',
        password: 'secret',
      },
      {
        transmit: (bytes) => socket.send(bytes, address?.port ?? 0, '127.0.0.1'),
        allocated: () => {},
        received: () => {},
        failed: () => {},
        closed: () => {},
      },
    )
    socket.removeAllListeners('message')
    socket.on('message', (bytes) => void client.handleDatagram(monotonicNow(), bytes))
    client.allocate(monotonicNow())
    await request
    await server.close()
    expect(server.addresses).toEqual([])
    expect(server.allocations).toEqual([])
    await expect(server.listen(transportAddress('127.0.0.1', 0))).rejects.toMatchObject({
      code: 'invalid-state',
    })
  })
})

describe('options', () => {
  const code = (value: string): object => ({ name: 'TurnError', code: value })

  test('that make no sense are refused, with nothing left open', async () => {
    await expect(startServer({ listen: [{ address: '0.0.0.0', port: 0 }] })).rejects.toMatchObject(
      code('invalid-config'),
    )
    await expect(startServer({ relayAddress: 'example.org' })).rejects.toMatchObject(code('invalid-config'))
    await expect(startServer({ portRange: { min: 9, max: 8 } })).rejects.toMatchObject(code('invalid-config'))
    const realm = 'example.org'
    await expect(createTurnServer({ realm })).rejects.toMatchObject(code('invalid-config'))
    await expect(createTurnServer({ realm, sharedSecret: '' })).rejects.toMatchObject(code('invalid-config'))
    for (const [transport, message] of [
      ['tls', /takes a certificate/],
      ['dtls', /takes a certificate/],
      ['sctp', /no transport sctp/],
    ] as const) {
      const listen = [{ address: '127.0.0.1', port: 0, transport: transport as 'tls' }]
      await expect(startServer({ listen, tls: undefined } as never)).rejects.toThrow(message)
    }
    await expect(startServer({ listen: [] })).rejects.toMatchObject(code('invalid-config'))
    const server = await startServer()
    const [taken] = server.addresses
    await expect(
      startServer({
        listen: [
          { address: '127.0.0.1', port: 0 },
          { address: '127.0.0.1', port: taken?.port ?? 0 },
        ],
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('a client takes a URI of a transport that it has', async () => {
    for (const server of ['example.org', 'turn:example.org?transport=sctp', 'stun:example.org'])
      await expect(createTurnClient({ server, username: 'ann', password: 'secret' })).rejects.toMatchObject(
        code('invalid-config'),
      )
  })
})
