import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { MessageBuilder, MessageClass, Method, shortTermKey, Username } from '@purertc/stun'
import fc from 'fast-check'

import { eventually } from '../../bytes/test/support/still-clock.ts'
import { MuxRoutes } from '../src/node/mux-routes.ts'
import { UdpMux } from '../src/node/index.ts'
import { localFragmentOf } from '../src/node/stun-peek.ts'
import { introduceEnds, NodeEnd } from './support/node-end.ts'

describe('one UDP port for many agents', () => {
  let mux: UdpMux
  beforeEach(async () => {
    mux = await UdpMux.bind({ addresses: ['127.0.0.1', '::1'], port: 0 })
  })
  afterEach(() => mux.close())

  const serve = (options: Partial<ConstructorParameters<typeof NodeEnd>[0]> = {}): Promise<NodeEnd> =>
    new NodeEnd({ role: 'controlled', mux, ...options }).gathered()
  const visit = (address: string): Promise<NodeEnd> =>
    new NodeEnd({ role: 'controlling', addresses: [address] }).gathered()

  test.each([
    ['full', false],
    ['lite', true],
  ])('50 %s agents, over IPv4 and IPv6, each with its own data', async (_kind, lite) => {
    const servers = await Promise.all(Array.from({ length: 50 }, () => serve({ lite })))
    const clients = await Promise.all(servers.map((_, i) => visit(i % 2 === 0 ? '127.0.0.1' : '::1')))
    expect(mux.size).toBe(50)
    const ports = new Set(servers.flatMap(({ ice }) => ice.agent.localCandidates.map(({ port }) => port)))
    expect(ports.size).toBe(1)
    await Promise.all(
      servers.map(async (server, i) => {
        const client = clients[i]
        if (client === undefined) throw new Error('as many clients as servers')
        introduceEnds(server, client)
        await Promise.all([server, client].map((end) => end.until(() => end.selected !== null)))
        server.send(`for ${i}`)
        client.send(`from ${i}`)
        await client.until(() => client.received.length > 0)
        await server.until(() => server.received.length > 0)
        expect([client.received, server.received]).toEqual([[`for ${i}`], [`from ${i}`]])
      }),
    )
    await Promise.all([...servers, ...clients].map(({ ice }) => ice.close()))
    expect(mux.size).toBe(0)
  })

  test('two agents of one port connect to each other', async () => {
    const [a, b] = await Promise.all([serve({ role: 'controlling' }), serve()])
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('a restart: the old session is known until the one after the next', async () => {
    const [server, client] = await Promise.all([serve(), visit('127.0.0.1')])
    introduceEnds(server, client)
    await server.until(() => server.selected !== null)
    for (let i = 0; i < 3; i++) {
      for (const end of [server, client]) {
        end.selected = null
        end.ice.restart()
      }
      await Promise.all([server.ice.gather(), client.ice.gather()])
      introduceEnds(server, client)
      await Promise.all([server, client].map((end) => end.until(() => end.selected !== null)))
    }
    expect(mux.size).toBe(1)
    await Promise.all([server.ice.close(), client.ice.close()])
  })

  test('a fragment that is taken is refused', async () => {
    const localCredentials = { usernameFragment: 'same', password: 'x'.repeat(22) }
    const first = await serve({ localCredentials })
    await expect(serve({ localCredentials })).rejects.toMatchObject({ code: 'invalid-credentials' })
    await first.ice.close()
  })

  test('strangers, noise and forged data are dropped without an answer', async () => {
    const server = await serve()
    const stranger = createSocket('udp4')
    stranger.bind(0, '127.0.0.1')
    await once(stranger, 'listening')
    let answers = 0
    stranger.on('message', () => answers++)
    const { port } = server.ice.agent.localCandidates[0] ?? { port: 0 }
    const request = (username?: string): Uint8Array =>
      new MessageBuilder(Method.binding, MessageClass.request, nodeCryptoId())
        .addIf(Username, username)
        .sign(nodeCrypto, shortTermKey('x'.repeat(22)))
        .finish()
    const response = new MessageBuilder(Method.binding, MessageClass.successResponse, nodeCryptoId()).finish()
    for (const bytes of [
      request('nobody:me'),
      request(),
      response,
      Uint8Array.of(22, 254, 253, 0),
      Uint8Array.of(0),
    ])
      stranger.send(bytes, port, '127.0.0.1')
    await eventually(() => mux.discarded.total === 5)
    expect(mux.discarded.snapshot()).toEqual({
      'unknown-fragment': 1,
      malformed: 1,
      'unknown-transaction': 1,
      'unknown-peer': 2,
    })
    expect(answers).toBe(0)
    stranger.close()
    await server.ice.close()
  })

  test('a port that is taken rejects', async () => {
    const port = mux.sockets[0]?.address.port ?? 0
    await expect(UdpMux.bind({ addresses: ['127.0.0.1'], port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})

describe('routes', () => {
  const there = { family: 'IPv4', address: '198.51.100.7', port: 5_000 } as const

  test('nobody takes an address from a member that uses it; one that is silent for 30 s loses it', () => {
    const routes = new MuxRoutes<string>()
    routes.use(0, 0, there, 'ann')
    routes.use(29_000, 0, there, 'bob')
    expect(routes.find(0, there)?.member).toBe('ann')
    expect(routes.find(1, there)).toBeUndefined()
    routes.use(30_001, 0, there, 'bob')
    expect(routes.find(0, there)?.member).toBe('bob')
    routes.forget('ann')
    expect(routes.find(0, there)?.member).toBe('bob')
    routes.forget('bob')
    expect(routes.find(0, there)).toBeUndefined()
  })

  test('what differs in socket, address or port is apart', () => {
    const routes = new MuxRoutes<string>()
    const places = [-40, -17, -16, -2, -1, 0, 1, 16, 17].flatMap((socket) =>
      ['0.0.0.0', '0.0.0.1', '10.0.0.1', '255.255.255.254', '255.255.255.255', '::', '2001:db8::1'].flatMap(
        (address) =>
          [1, 2, 65_534, 65_535].map((port) => ({
            socket,
            at: { family: address.includes(':') ? ('IPv6' as const) : ('IPv4' as const), address, port },
          })),
      ),
    )
    for (const [i, { socket, at }] of places.entries()) routes.use(0, socket, at, `${i}`)
    for (const [i, { socket, at }] of places.entries())
      expect(routes.find(socket, { ...at })?.member).toBe(`${i}`)
  })

  test('a member has a hundred at most', () => {
    const routes = new MuxRoutes<string>()
    for (let port = 1; port <= 150; port++) routes.use(port, 0, { ...there, port }, 'ann')
    expect(routes.find(0, { ...there, port: 50 })).toBeUndefined()
    expect(routes.find(0, { ...there, port: 51 })?.member).toBe('ann')
  })
})

test('any bytes behind a STUN header give a fragment or null', () => {
  const header = Buffer.from('0001000c2112a442000000000000000000000000', 'hex')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (body) => {
      const fragment = localFragmentOf(Buffer.concat([header, body]))
      expect(fragment === null || (fragment.length > 0 && fragment.length <= 256)).toBe(true)
    }),
  )
})

function nodeCryptoId(): Uint8Array {
  const id = new Uint8Array(12)
  nodeCrypto.randomFill(id)
  return id
}
