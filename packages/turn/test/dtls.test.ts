import { once } from 'node:events'

import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import { DtlsServer } from '@purertc/dtls/node'
import { transportAddress } from '@purertc/stun'
import { createStunServer, NodeStunClient } from '@purertc/stun/node'

import { seemToComeFrom } from '../../bytes/test/support/seeming-addresses.ts'
import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { dtls, listenStunDtls, type NodeTurnServer, type NodeTurnServerOptions } from '../src/node/index.ts'
import { closing, on, relayedOf, startClient, startServer as startServerOn } from './loopback.ts'
import { cert, key } from './vectors/localhost-certificate.ts'

beforeEach(stopClock)

const startServer = (options: Partial<NodeTurnServerOptions> = {}): Promise<NodeTurnServer> =>
  startServerOn({ listen: on('dtls'), ...options })

describe('TURN over DTLS', () => {
  test('two clients talk over their relayed addresses', async () => {
    const server = await startServer()
    expect(server.addresses).toMatchObject([{ transport: 'dtls', address: '127.0.0.1' }])
    const [ann, bob] = [await startClient(server, 'dtls'), await startClient(server, 'dtls')]
    const [toAnn, toBob] = [relayedOf(ann), relayedOf(bob)]
    ann.createPermission(toBob)
    bob.createPermission(toAnn)
    // Two allocations and two permissions.
    await eventually(() => server.answered.get('success') === 4)
    for (let i = 0; i < 20; i++) {
      const data = new Uint8Array(1 + i * 60).fill(i)
      const atBob = once(bob, 'message')
      ann.send(toBob, data)
      expect(await atBob).toEqual([data, toAnn])
    }
    await ann.close()
    expect(server.allocations).toHaveLength(1)
  })

  test('an allocation ends with its session', async () => {
    const server = await startServer()
    const client = await startClient(server, 'dtls')
    const deleted = once(server, 'allocationDeleted')
    await client.close()
    expect(await deleted).toMatchObject([{ username: 'ann' }, 'released'])
    await eventually(() => server.disconnected.get('ended') === 1)
  })

  test('the certificate must be the server’s own, and trusted', async () => {
    const server = await startServer()
    await expect(startClient(server, 'dtls', { tls: {} })).rejects.toMatchObject({ code: 'transport' })
    await expect(
      startClient(server, 'dtls', { tls: { ca: cert, servername: 'example.com' } }),
    ).rejects.toMatchObject({
      code: 'transport',
    })
    await startClient(server, 'dtls', { tls: { rejectUnauthorized: false } })
    expect(server.allocations).toHaveLength(1)
  })

  test('silent sessions are closed, those of one address are bounded', async () => {
    const server = await startServer({ connections: { idleTimeout: 0.2, connectionsPerAddress: 1 } })
    const kind = dtls({ ca: cert })
    const at = { ...(server.addresses[0] ?? transportAddress('0.0.0.0', 0)), domain: 'localhost' }
    closing(await kind.open(at, {}))
    closing(await kind.open(at, {}))
    await eventually(() => server.disconnected.get('address-limit') === 1)
    jest.advanceTimersByTime(400)
    expect(server.disconnected.snapshot()).toMatchObject({ idle: 1, 'address-limit': 1 })
  })

  test('a /64 of IPv6 is one address', async () => {
    const server = await startServer({ connections: { connectionsPerAddress: 1 } })
    const addresses = ['2001:db8::1', '2001:db8:0:1::1', '2001:db8::2']
    const remotes = addresses.map((address, i) => ({ address, port: 1_000 + i }))
    seemToComeFrom(DtlsServer, 'secureConnection', 'remote', remotes)
    const at = { ...(server.addresses[0] ?? transportAddress('0.0.0.0', 0)), domain: 'localhost' }
    for (let i = 0; i < 3; i++) closing(await dtls({ ca: cert }).open(at, {}))
    await eventually(() => server.disconnected.total === 1)
    expect(server.disconnected.snapshot()).toEqual({ 'address-limit': 1 })
  })

  test('takes a certificate and a key', async () => {
    await expect(startServer({ tls: {} })).rejects.toMatchObject({ code: 'invalid-config' })
    await expect(startServer({ tls: undefined } as never)).rejects.toMatchObject({ code: 'invalid-config' })
  })
})

describe('STUN over DTLS (RFC 7350)', () => {
  test('a client asks as it does over TLS', async () => {
    const server = await createStunServer({
      listen: [],
      longTerm: { realm: 'example.org', password: (name) => (name === 'ann' ? 'secret' : null) },
    })
    closing(server)
    const bound = await server.attach(await listenStunDtls(transportAddress('127.0.0.1', 0), { cert, key }))
    expect(bound.transport).toBe('dtls')
    const client = await NodeStunClient.open(`stuns:localhost:${bound.port}`, {
      transport: dtls({ ca: cert }),
      family: 'IPv4',
      credentials: { kind: 'long-term', username: 'ann', password: 'secret' },
    })
    closing(client)
    const { mapped } = await client.bind()
    expect(mapped.address).toBe('127.0.0.1')
    expect((await client.bind()).mapped).toEqual(mapped)
    expect(server.answered.snapshot()).toEqual({ 401: 1, success: 2 })
    const udp = await NodeStunClient.open(`stun:127.0.0.1:${bound.port}`, { transport: 'udp' })
    closing(udp)
    const inTheClear = expect(udp.bind()).rejects.toMatchObject({ code: 'timeout' })
    jest.advanceTimersByTime(60_000)
    await inTheClear
  })

  test('a server that refers elsewhere is followed over a session of its own', async () => {
    const [here, there] = await Promise.all([
      createStunServer({ listen: [] }),
      createStunServer({ listen: [] }),
    ])
    for (const server of [here, there]) closing(server)
    const target = await there.attach(await listenStunDtls(transportAddress('127.0.0.1', 0), { cert, key }))
    const first = await createStunServer({ listen: [], alternateServer: () => target })
    closing(first)
    const bound = await first.attach(await listenStunDtls(transportAddress('127.0.0.1', 0), { cert, key }))
    const client = await NodeStunClient.open(`stuns:localhost:${bound.port}`, {
      transport: dtls({ ca: cert }),
      family: 'IPv4',
    })
    closing(client)
    expect((await client.bind()).server).toMatchObject({ port: target.port })
  })
})
