import { connect, type Socket } from 'node:net'

import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'

import {
  type BindingResult,
  formatAddress,
  StreamFramer,
  StunMessage,
  transportAddress,
  XorMappedAddress,
} from '../src/index.ts'
import { createStunServer, type NameService, NodeStunClient } from '../src/node/index.ts'
import { eventually } from '../../bytes/test/support/still-clock.ts'

import {
  at,
  bindTwice,
  dial,
  ended,
  identity,
  listening,
  names,
  numbered,
  open,
  plain,
  serve,
  trust,
} from './stream-stage.ts'

describe('over streams', () => {
  test.each([
    ['tcp', '127.0.0.1'],
    ['tcp', '::1'],
    ['tls', '127.0.0.1'],
    ['tls', '::1'],
  ] as const)('%s and %s: the mapped address is the connection’s own', async (transport, address) => {
    const server = await serve({ listen: [{ address, port: 0, transport }] })
    const client = await dial(server)
    const results = await Promise.all(Array.from({ length: 5 }, () => client.bind()))
    for (const { mapped } of results) expect(mapped).toEqual({ ...client.local, address })
    expect(server.answered.snapshot()).toEqual({ success: 5 })
    expect(server.connections).toBe(1)
    await client.close()
    await eventually(() => server.connections === 0)
  })

  test('long-term credentials', async () => {
    const longTerm = { realm: 'example.org', password: (name: string) => (name === 'user' ? 'secret' : null) }
    const server = await serve({ longTerm })
    const credentials = { kind: 'long-term', username: 'user', password: 'secret' } as const
    expect(await (await dial(server, { credentials })).bind()).toMatchObject({
      mapped: { address: '127.0.0.1' },
    })
    await expect((await dial(server)).bind()).rejects.toMatchObject({ code: 401 })
  })

  test('UDP, TCP and TLS listeners of one port come and go at run time', async () => {
    const server = await serve({ listen: [], tls: identity })
    const [udp, tcp] = await bindTwice(server)
    const tls = await server.bind({ address: '127.0.0.1', port: 0, transport: 'tls' })
    expect(server.addresses.map(({ transport }) => transport)).toEqual(['udp', 'tcp', 'tls'])
    await expect(server.bind({ ...tcp, transport: 'tcp' })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const client = await NodeStunClient.open(formatAddress(tcp), { transport: 'tcp' })
    open.push(client)
    await client.bind()
    await server.unbind(tcp)
    await eventually(() => server.connections === 0)
    expect(server.addresses.map(({ transport }) => transport)).toEqual(['udp', 'tls'])
    await expect(NodeStunClient.open(formatAddress(tcp), { transport: 'tcp' })).rejects.toMatchObject({
      code: 'transport',
      cause: { code: 'ECONNREFUSED' },
    })
    await server.unbind(tls)
    await server.unbind(udp)
    expect(server.addresses).toEqual([])
  })

  test('close ends connections, half-open handshakes included', async () => {
    const server = await serve({ listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }] })
    const raw = await plain(server)
    const client = await dial(server)
    await eventually(() => server.connections === 2)
    await server.close()
    await ended(raw)
    await expect(client.bind()).rejects.toMatchObject({ code: 'transport' })
  })

  test('a TLS listener without a certificate cannot be bound, nor one with nonsense', async () => {
    await expect(
      createStunServer({ listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }] }),
    ).rejects.toMatchObject({ code: 'invalid-value' })
    await expect(
      serve({ listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }], tls: { cert: 'x' } }),
    ).rejects.toThrow()
  })

  test('messages that are cut anywhere and sent in one piece are answered in order', async () => {
    const server = await serve()
    const socket = await plain(server)
    const answers: StunMessage[] = []
    const framer = new StreamFramer((bytes) => void answers.push(StunMessage.decode(bytes)!.copy()))
    socket.on('data', (chunk: Uint8Array) => framer.push(chunk))
    const stream = concatBytes(...[1, 2, 3].map((n) => numbered(n).finish()))
    for (let at = 0; at < stream.length; at += 7) {
      socket.write(stream.slice(at, at + 7))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => answers.length === 3)
    expect(answers.map(({ transactionId }) => transactionId[0])).toEqual([1, 2, 3])
    expect(answers[0]!.get(XorMappedAddress)).toMatchObject({ port: socket.localPort })
  })
})

describe('a TLS server is who it claims to be, or nothing is sent', () => {
  test.each([
    ['its name', 'stuns:stun.example.org', trust],
    ['its other name', 'stuns:other.example.org', trust],
    ['its address', 'stuns:127.0.0.1', trust],
  ])('%s is in the certificate', async (_case, host, tls) => {
    const server = await serve({ listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }] })
    const client = await NodeStunClient.open(`${host}:${server.addresses[0]!.port}`, { tls, names })
    open.push(client)
    await expect(client.bind()).resolves.toBeDefined()
  })

  test.each([
    [
      'a name that is not in the certificate',
      'stuns:third.example.org',
      trust,
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['an authority that nobody trusts', 'stuns:stun.example.org', {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('%s is refused', async (_case, host, tls, code) => {
    const server = await serve({ listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }] })
    const opening = NodeStunClient.open(`${host}:${server.addresses[0]!.port}`, { tls, names })
    await expect(opening).rejects.toMatchObject({ code: 'transport', cause: { code } })
    expect(server.answered.total + server.discarded.total).toBe(0)
  })

  test('§10: so is the server that a 300 names, by ALTERNATE-DOMAIN', async () => {
    const target = await serve({ listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }] })
    for (const [domain, outcome] of [
      ['other.example.org', 'asked'],
      ['third.example.org', 'refused'],
    ] as const) {
      const referring = await serve({
        listen: [{ address: '127.0.0.1', port: 0, transport: 'tls' }],
        alternateServer: () => ({ ...target.addresses[0]!, domain }),
      })
      const client = await NodeStunClient.open(`stuns:stun.example.org:${referring.addresses[0]!.port}`, {
        tls: trust,
        names,
      })
      open.push(client)
      if (outcome === 'asked') {
        expect(await client.bind()).toMatchObject({ server: { ...at(target), domain } })
      } else {
        await expect(client.bind()).rejects.toMatchObject({
          code: 'transport',
          cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
        })
      }
    }
    expect(target.answered.snapshot()).toEqual({ success: 1 })
  })
})

describe('a TCP client', () => {
  test('follows a 300 to another connection, and comes back', async () => {
    const target = await serve()
    let isReferring = true
    const server = await serve({ alternateServer: () => (isReferring ? target.addresses[0]! : null) })
    const client = await dial(server)
    const answers: BindingResult[] = [await client.bind()]
    isReferring = false
    answers.push(await client.bind())
    expect(answers.map(({ server }) => server.port)).toEqual([at(target).port, at(server).port])
  })

  test('connects again where the server has closed an idle connection', async () => {
    const server = await serve()
    const sockets: Socket[] = []
    const relay = await listening((socket) => {
      sockets.push(socket)
      socket.pipe(connect(at(server)).on('error', () => undefined)).pipe(socket)
    })
    const client = await NodeStunClient.open(`127.0.0.1:${relay.port}`, { transport: 'tcp' })
    open.push(client)
    const lost = new Promise((resolve) => client.once('error', resolve))
    const { mapped } = await client.bind()
    sockets[0]?.end()
    await expect(lost).resolves.toMatchObject({ code: 'transport' })
    expect((await client.bind()).mapped.port).not.toBe(mapped.port)
  })

  test('never sends a request twice, and fails at once where the connection breaks', async () => {
    const received: number[] = []
    const silent = await listening((socket) => {
      socket.on('data', (chunk: Uint8Array) => {
        received.push(chunk.length)
        setTimeout(() => socket.destroy(), 20)
      })
    })
    const client = await NodeStunClient.open(`127.0.0.1:${silent.port}`, {
      transport: 'tcp',
      retransmit: { rto: 1 },
    })
    open.push(client)
    const failures = await Promise.allSettled([client.bind(), client.bind()])
    for (const failure of failures) expect(failure).toMatchObject({ reason: { code: 'transport' } })
    expect(received.reduce((sum, length) => sum + length, 0)).toBe(2 * 28)
  })

  test('gives up a server that accepts nothing, and one that speaks something else', async () => {
    const opening = NodeStunClient.open(`stuns:127.0.0.1:${(await listening(() => undefined)).port}`, {
      connectTimeout: 30,
    })
    await expect(opening).rejects.toMatchObject({ code: 'transport', cause: { code: 'timeout' } })
    const chatty = await listening((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const client = await NodeStunClient.open(`127.0.0.1:${chatty.port}`, { transport: 'tcp' })
    open.push(client)
    await expect(client.bind()).rejects.toMatchObject({ code: 'transport' })
  })

  test('tries the server’s addresses in turn', async () => {
    const server = await serve()
    const many: NameService = { srv: async () => [], addresses: async () => ['127.0.0.2', '127.0.0.1'] }
    const client = await NodeStunClient.open(`stun:example.org:${at(server).port}`, {
      transport: 'tcp',
      names: many,
    })
    open.push(client)
    expect(client.server.address).toBe('127.0.0.1')
  })

  test('cancel and close end what is pending', async () => {
    const silent = await listening(() => undefined)
    const client = await NodeStunClient.open(`127.0.0.1:${silent.port}`, { transport: 'tcp' })
    const first = client.bind()
    client.cancel()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    const second = client.bind({ server: transportAddress('127.0.0.1', silent.port) })
    const [outcome] = await Promise.allSettled([second, client.close()])
    expect(outcome).toMatchObject({ reason: { code: 'cancelled' } })
  })
})
