import { afterEach, describe, expect, jest, test } from '@jest/globals'

import {
  type AnswerPath,
  ChangeRequest,
  type MessageBuilder,
  ResponsePort,
  type StunListener,
  type StunListenerHost,
  StunMessage,
  type StunTransport,
  type StunTransportHost,
  transportAddress,
  type TransportAddress,
  UnknownAttributes,
} from '../src/index.ts'
import {
  createStunServer,
  discoverNatBehavior,
  type NameService,
  NodeStunClient,
  type NodeStunServer,
  type TransportKind,
} from '../src/node/index.ts'
import { stopClock } from '../../bytes/test/support/still-clock.ts'
import { UdpSocket } from '../src/node/udp-socket.ts'
import { request } from './pair.ts'

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

describe('RFC 5780 on loopback', () => {
  const discovery = { addresses: ['127.0.0.1', '127.0.0.2'], ports: [0, 0] } as const

  test('there is no NAT', async () => {
    stopClock()
    const server = await serve({ discovery })
    expect(server.addresses).toHaveLength(4)
    const found = await discoverNatBehavior(`stun:127.0.0.1:${server.addresses[0]!.port}`)
    expect(found).toEqual({
      mapped: { family: 'IPv4', address: '127.0.0.1', port: expect.any(Number) },
      isBehindNat: false,
      mapping: 'endpoint-independent',
      filtering: 'endpoint-independent',
    })
    expect(server.answered.snapshot()).toEqual({ success: 2 })
  })

  test('the server is found by the SRV records of behaviour discovery', async () => {
    const server = await serve({ discovery })
    const asked: string[] = []
    const names: NameService = {
      srv: async (name) => {
        asked.push(name)
        return [{ name: 'a', port: server.addresses[0]!.port, priority: 0, weight: 0 }]
      },
      addresses: async () => ['127.0.0.1'],
    }
    await expect(discoverNatBehavior('stun:example.org', { names })).resolves.toBeDefined()
    expect(asked).toEqual(['_stun-behavior._udp.example.org'])
  })

  test('a socket on all addresses does not know whether there is a NAT', async () => {
    stopClock()
    const server = await serve({ discovery })
    const found = await discoverNatBehavior(`stun:127.0.0.1:${server.addresses[0]!.port}`, {
      localAddress: '0.0.0.0',
    })
    expect(found).toMatchObject({ isBehindNat: null, mapping: 'endpoint-independent' })
  })

  test('a server of one address, a silent one, and none', async () => {
    const server = await serve({})
    const asking = discoverNatBehavior(`127.0.0.1:${server.addresses[0]!.port}`)
    await expect(asking).rejects.toMatchObject({ code: 'unsupported' })
    const silent = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
    open.push(silent)
    const waiting = discoverNatBehavior(`127.0.0.1:${silent.local.port}`, {
      retransmit: { rto: 5, rc: 2, rm: 2 },
    })
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' })
    await expect(discoverNatBehavior('no server')).rejects.toMatchObject({ code: 'invalid-address' })
    const broadcast = discoverNatBehavior('255.255.255.255:9', { localAddress: '127.0.0.1' })
    await expect(broadcast).rejects.toMatchObject({ code: 'transport' })
  })

  test('when one of the four ends is unbound the others do not point to it', async () => {
    const server = await serve({ discovery })
    const [first, , , last] = server.addresses
    await server.unbind(last!)
    const client = await ask(first!, request().add(ChangeRequest, { ip: true, port: true }))
    expect(client.get(UnknownAttributes)).toEqual([ChangeRequest.type])
    const plain = await NodeStunClient.open(`127.0.0.1:${first!.port}`)
    open.push(plain)
    expect((await plain.bind()).other).toBeUndefined()
  })

  test('an address that is taken, or not ours: nothing stays bound', async () => {
    const server = await serve({ discovery })
    const { port } = server.addresses[0]!
    await expect(server.bindDiscovery(discovery)).rejects.toMatchObject({ code: 'invalid-value' })
    const taken = { addresses: ['127.0.0.1', '127.0.0.2'], ports: [0, port] } as const
    await expect(createStunServer({ discovery: taken })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const foreign = { addresses: ['127.0.0.1', '198.51.100.1'], ports: [0, 0] } as const
    await expect(createStunServer({ discovery: foreign })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
  })

  test('connections take no part in it', async () => {
    const server = await serve({ discovery })
    const bound = await server.bind({ address: '127.0.0.1', port: 0, transport: 'tcp' })
    const client = await NodeStunClient.open(`127.0.0.1:${bound.port}`, { transport: 'tcp' })
    open.push(client)
    expect((await client.bind()).other).toBeUndefined()
    await expect(
      client.bind({ preparing: (builder) => void builder.add(ResponsePort, 9) }),
    ).rejects.toMatchObject({ code: 420 })
  })
})

describe('a transport of another package', () => {
  test('serves and asks as UDP does', async () => {
    stopClock()
    const server = await serve({ listen: [] })
    const socket = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
    const bound = await server.attach(new DisguisedListener(socket))
    expect(bound.transport).toBe('disguised')
    // Only what is disguised gets through.
    const udp = await NodeStunClient.open(`127.0.0.1:${bound.port}`)
    open.push(udp)
    const inTheClear = expect(udp.bind()).rejects.toMatchObject({ code: 'timeout' })
    jest.advanceTimersByTime(60_000)
    await inTheClear
    const client = await NodeStunClient.open(`stuns:127.0.0.1:${bound.port}`, { transport: disguised })
    open.push(client)
    expect((await client.bind()).mapped).toEqual(client.local)
    expect(server.answered.snapshot()).toEqual({ success: 1 })
    await server.unbind(bound)
    expect(server.addresses).toEqual([])
  })

  test('is closed where it cannot be served', async () => {
    const server = await serve({ listen: [] })
    const listeners = [0, 1, 2].map(() => new Unbound())
    await server.attach(listeners[0]!)
    await expect(server.attach(listeners[1]!)).rejects.toMatchObject({ code: 'invalid-address' })
    await server.close()
    await expect(server.attach(listeners[2]!)).rejects.toMatchObject({ code: 'closed' })
    expect(listeners.map(({ isClosed }) => isClosed)).toEqual([true, true, true])
  })

  test.each([
    ['towards one server', false],
    ['wholly', true],
  ])('that fails %s makes the requests fail that waited for it', async (_case, wholly) => {
    const broken: TransportKind = {
      protocol: 'udp',
      isSecure: true,
      open: async () => {
        let host: StunTransportHost | null = null
        return {
          isReliable: false,
          local: transportAddress('127.0.0.1', 1),
          start: (given) => (host = given),
          send: (to) => host?.failed(new Error('handshake'), wholly ? null : to),
          close: async () => undefined,
        }
      },
    }
    const client = await NodeStunClient.open('stuns:127.0.0.1', { transport: broken })
    open.push(client)
    await expect(client.bind()).rejects.toMatchObject({ code: 'transport', reason: 'handshake' })
    expect(client.server.port).toBe(5349)
  })
})

/** UDP with every byte inverted: as far from UDP as DTLS is, for whoever looks from above. */
class DisguisedListener implements StunListener {
  readonly transport = 'disguised'
  readonly local: TransportAddress
  readonly #socket: UdpSocket

  constructor(socket: UdpSocket) {
    this.local = socket.local
    this.#socket = socket
  }

  start(host: StunListenerHost): void {
    const path: AnswerPath = {
      ...this.local,
      transport: this.transport,
      send: (to, bytes) => this.#socket.send(to, inverted(bytes)),
    }
    this.#socket.start({
      received: (from, bytes) => host.received(from, inverted(bytes), path),
      failed: (error) => host.failed(error),
    })
  }

  close(): Promise<void> {
    return this.#socket.close()
  }
}

const disguised: TransportKind = {
  protocol: 'udp',
  isSecure: true,
  async open(): Promise<StunTransport> {
    const socket = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
    return {
      isReliable: false,
      local: socket.local,
      start: (host) =>
        socket.start({
          received: (from, bytes) => host.received(from, inverted(bytes)),
          failed: (error, to) => host.failed(error, to),
        }),
      send: (to, bytes) => socket.send(to, inverted(bytes)),
      close: () => socket.close(),
    }
  },
}

class Unbound implements StunListener {
  readonly transport = 'none'
  readonly local = transportAddress('127.0.0.1', 1)
  isClosed = false
  start(): void {}
  async close(): Promise<void> {
    this.isClosed = true
  }
}

function inverted(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => ~byte)
}

async function serve(options: Parameters<typeof createStunServer>[0] = {}): Promise<NodeStunServer> {
  const listen = options.discovery === undefined ? { listen: [{ address: '127.0.0.1', port: 0 }] } : {}
  const server = await createStunServer({ ...listen, ...options })
  open.push(server)
  return server
}

async function ask(to: TransportAddress, builder: MessageBuilder): Promise<StunMessage> {
  const socket = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
  open.push(socket)
  const answer = new Promise<StunMessage>((resolve, reject) =>
    socket.start({
      failed: reject,
      received: (_from, bytes) => resolve(StunMessage.decode(bytes)!.copy()),
    }),
  )
  socket.send(to, builder.finish())
  return answer
}
