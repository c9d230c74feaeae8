import { connect, createServer } from 'node:net'
import { once } from 'node:events'

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { formatCandidate, parseCandidate, type TcpType } from '../src/index.ts'
import { eventually } from '../../bytes/test/support/still-clock.ts'
import { DatagramFramer, frameDatagram } from '../src/node/datagram-framing.ts'
import { TcpSocket } from '../src/node/tcp-socket.ts'
import { introduceEnds, NodeEnd } from './support/node-end.ts'

const address = '127.0.0.1'

const startPair = async (
  first: readonly TcpType[],
  second: readonly TcpType[],
  host = address,
  checkTimeout?: number,
): Promise<NodeEnd[]> => {
  const options = {
    addresses: [host],
    udp: false,
    ...(checkTimeout !== undefined && { checkTimeout }),
  }
  const a = new NodeEnd({ role: 'controlling', tcp: first, ...options })
  const b = new NodeEnd({ role: 'controlled', tcp: second, ...options })
  await Promise.all([a.gathered(), b.gathered()])
  introduceEnds(a, b)
  return [a, b]
}

describe('candidates over TCP, RFC 6544', () => {
  test.each([
    ['active', 'passive', '127.0.0.1'],
    ['passive', 'active', '127.0.0.1'],
    ['active', 'passive', '::1'],
  ] as const)('%s to %s over %s', async (first, second, host) => {
    const [a, b] = await startPair([first], [second], host)
    if (a === undefined || b === undefined) throw new Error('there are two ends')
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    expect(a.selected?.local).toMatchObject({ transport: 'tcp', type: 'host', tcpType: first })
    for (let i = 0; i < 300; i++) a.send(`${i} ${'x'.repeat(1_100)}`)
    b.send('back')
    await b.until(() => b.received.length === 300)
    await a.until(() => a.received.includes('back'))
    expect(b.received.map((text) => Number.parseInt(text, 10))).toEqual(
      Array.from({ length: 300 }, (_, i) => i),
    )
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('UDP is preferred where both work', async () => {
    const options = { addresses: [address], tcp: ['active', 'passive'] } as const
    const a = new NodeEnd({ role: 'controlling', ...options })
    const b = new NodeEnd({ role: 'controlled', ...options })
    await Promise.all([a.gathered(), b.gathered()])
    expect(a.candidates.map((candidate) => candidate?.port === 9)).toEqual([false, true, false, false])
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    expect(a.selected?.local.transport).toBe('udp')
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('two that only wait never meet, and nobody sends', async () => {
    const [a, b] = await startPair(['passive'], ['passive'], address, 100)
    if (a === undefined || b === undefined) throw new Error('there are two ends')
    await Promise.all([a, b].map((end) => end.until(() => end.states.includes('failed'))))
    expect(a.ice.agent.pairs).toEqual([])
    expect(a.ice.agent.stats.requestsSent).toBe(0)
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('a connection that breaks fails its pair at once', async () => {
    const [a, b] = await startPair(['active'], ['passive'])
    if (a === undefined || b === undefined) throw new Error('there are two ends')
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    await b.ice.close()
    await a.until(() => a.failures.includes('unreachable'))
    expect(a.states.at(-1)).toBe('disconnected')
    await a.ice.close()
  })

  test('a refused connection: unreachable', async () => {
    const closed = createServer().listen(0, address)
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    closed.close()
    const end = await new NodeEnd({
      role: 'controlling',
      addresses: [address],
      udp: false,
      tcp: ['active'],
    }).gathered()
    end.ice.setRemoteCredentials({ usernameFragment: 'abcd', password: 'x'.repeat(22) })
    end.ice.addRemoteCandidate(
      parseCandidate(`candidate:1 1 tcp 1 ${address} ${port} typ host tcptype passive`),
    )
    await end.until(() => end.failures.length > 0)
    expect(end.failures).toEqual(['unreachable'])
    await end.ice.close()
  })

  test('lines', () => {
    const line = 'candidate:1 1 tcp 1518280447 198.51.100.7 9 typ host tcptype active generation 0'
    const candidate = parseCandidate(line)
    expect(candidate).toMatchObject({ transport: 'tcp', tcpType: 'active', port: 9 })
    expect(candidate && formatCandidate(candidate)).toBe(line)
    if (candidate === null) throw new Error('no candidate')
    expect(formatCandidate({ ...candidate, extensions: [] })).toBe(
      'candidate:1 1 tcp 1518280447 198.51.100.7 9 typ host tcptype active',
    )
  })
})

describe('framing, RFC 4571', () => {
  test('datagrams survive any fragmentation of their stream; empty ones are passed over', () => {
    const datagrams = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
    fc.assert(
      fc.property(datagrams, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(frameDatagram))
        const received: number[][] = []
        const framer = new DatagramFramer((bytes) => received.push([...bytes]))
        for (let at = 0, i = 0; at < stream.length; i++) {
          const length = cuts[i % cuts.length] ?? 1
          framer.push(stream.subarray(at, at + length))
          at += length
        }
        expect(received).toEqual(sent.filter(({ length }) => length > 0).map((bytes) => [...bytes]))
      }),
    )
  })

  test('strangers who say nothing are few, and noise is only noise', async () => {
    const noise: number[] = []
    const socket = await TcpSocket.open({
      ...{ address, port: 0, tcpType: 'passive' },
      received: (_from, bytes) => noise.push(bytes.length),
      lost: () => {},
    })
    const { port } = socket.address
    const strangers = Array.from({ length: 40 }, () => connect({ host: address, port }))
    const ends = strangers.map(
      (stranger) => new Promise((resolve) => stranger.on('error', () => {}).once('close', resolve)),
    )
    // Of 40 as many are shown the door as are more than 32: who is left then may speak.
    await eventually(() => strangers.filter(({ destroyed }) => destroyed).length === 8)
    const polite = strangers.find(({ destroyed }) => !destroyed)
    polite?.write(Uint8Array.of(0, 3, 1, 2, 3))
    await eventually(() => noise.length > 0)
    expect(noise).toEqual([3])
    await socket.close()
    await Promise.all(ends)
  })
})
