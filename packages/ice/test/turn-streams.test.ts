import { createServer } from 'node:net'
import { once } from 'node:events'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createTurnServer, type NodeTurnServer } from '@purertc/turn/node'

import { cert, key } from '../../turn/test/vectors/localhost-certificate.ts'
import type { NodeIceOptions } from '../src/node/index.ts'
import { introduceEnds, NodeEnd } from './support/node-end.ts'

const account = { username: 'ann', credential: 'secret' }
const relayOnly = { addresses: ['127.0.0.1'], policy: 'relay', authorities: [cert] } as const

describe('TURN over TCP and TLS', () => {
  let server: NodeTurnServer
  let ports: Record<string, number>

  beforeAll(async () => {
    server = await createTurnServer({
      realm: 'example.org',
      authenticate: (name) => (name === 'ann' ? 'secret' : null),
      allowPeer: () => true,
      tls: { cert, key },
      listen: (['udp', 'tcp', 'tls'] as const).map((transport) => ({
        address: '127.0.0.1',
        port: 0,
        transport,
      })),
    })
    ports = Object.fromEntries(server.addresses.map(({ transport, port }) => [transport, port]))
  })

  afterAll(() => server.close())

  const urlOf = (transport: string): string =>
    transport === 'tls'
      ? `turns:127.0.0.1:${ports[transport]}`
      : `turn:127.0.0.1:${ports[transport]}?transport=${transport}`

  const start = (urls: string[], options: Partial<NodeIceOptions> = {}): Promise<NodeEnd> =>
    new NodeEnd({
      role: 'controlling',
      ...relayOnly,
      iceServers: [{ urls, ...account }],
      ...options,
    }).gathered()

  test.each(['tcp', 'tls'])('relays data over %s, both ways', async (transport) => {
    const a = await start([urlOf(transport)])
    const b = await start([urlOf(transport)], { role: 'controlled' })
    expect(a.candidates).toEqual([
      expect.objectContaining({ type: 'relay', relayProtocol: transport, url: urlOf(transport) }),
      null,
    ])
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    expect([a.selected?.local.type, b.selected?.local.type]).toEqual(['relay', 'relay'])
    // From relay to relay it is UDP, which loses what is too much at once.
    for (let i = 0; i < 200; i++) {
      a.send(`${i} ${'x'.repeat(1_100)}`)
      if (i % 20 === 19) await b.until(() => b.received.length === i + 1)
    }
    b.send('back')
    await a.until(() => a.received.includes('back'))
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('relays over UDP, TCP and TLS are preferred in this order', async () => {
    const a = await start(['tls', 'tcp', 'udp'].map(urlOf))
    const relays = a.ice.agent.localCandidates.toSorted((x, y) => y.priority - x.priority)
    expect(relays.map(({ relayProtocol }) => relayProtocol)).toEqual(['udp', 'tcp', 'tls'])
    expect(new Set(relays.map(({ foundation }) => foundation)).size).toBe(3)
    await a.ice.close()
  })

  test('a certificate that nobody vouches for, and a port that nobody listens on: 701, no candidate', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    closed.close()
    const end = await start([urlOf('tls'), `turn:127.0.0.1:${port}?transport=tcp`], { authorities: [] })
    expect(end.candidates).toEqual([null])
    expect(end.errors.map(({ url, code }) => [url, code]).sort()).toEqual(
      [
        [urlOf('tls'), 701],
        [`turn:127.0.0.1:${port}?transport=tcp`, 701],
      ].sort(),
    )
    expect(end.errors.map(({ text }) => text).join()).toMatch(/certificate.*|.*ECONNREFUSED/)
    await end.ice.close()
  })

  test('wrong credentials: the server’s code', async () => {
    const end = await start([urlOf('tcp')], {
      iceServers: [{ urls: urlOf('tcp'), username: 'ann', credential: 'wrong' }],
    })
    expect(end.errors).toEqual([
      expect.objectContaining({
        code: 401,
        url: urlOf('tcp'),
        server: expect.objectContaining({ port: ports['tcp'] }),
      }),
    ])
    await end.ice.close()
  })

  test('the connection breaks: so does the pair', async () => {
    const fragile = await createTurnServer({
      realm: 'example.org',
      authenticate: (name) => (name === 'ann' ? 'secret' : null),
      allowPeer: () => true,
      listen: [{ address: '127.0.0.1', port: 0, transport: 'tcp' }],
    })
    const fragileUrl = `turn:127.0.0.1:${fragile.addresses[0]?.port}?transport=tcp`
    const a = await start([fragileUrl])
    const b = await start([urlOf('udp')], { role: 'controlled' })
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    await fragile.close()
    await a.until(() => a.failures.includes('relay-lost'))
    await a.until(() => a.states.includes('disconnected'))
    await Promise.all([a.ice.close(), b.ice.close()])
  })
})
