import { describe, expect, test } from '@jest/globals'

import { IceError } from '../src/index.ts'
import { IceSockets, interfaceAddresses, NodeIceTransport, resolveServers } from '../src/node/index.ts'
import { introduceEnds, NodeEnd } from './support/node-end.ts'

describe('NodeIceTransport', () => {
  test.each(['127.0.0.1', '::1'])('connects over %s and carries data both ways', async (address) => {
    const a = new NodeEnd({ role: 'controlling', addresses: [address] })
    const b = new NodeEnd({ role: 'controlled', addresses: [address] })
    await Promise.all([a.gathered(), b.gathered()])
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    expect(a.send('over real sockets')).toBe(true)
    await b.until(() => b.received.includes('over real sockets'))
    b.send('and back')
    await a.until(() => a.received.includes('and back'))
    await Promise.all([a.ice.close(), b.ice.close()])
    expect([a.ice.agent.state, b.ice.agent.state]).toEqual(['closed', 'closed'])
    expect(a.send('too late')).toBe(false)
  })

  test('a thousand datagrams of 1,200 bytes sent at once arrive as they were', async () => {
    const a = new NodeEnd({ role: 'controlling', addresses: ['127.0.0.1'] })
    const b = new NodeEnd({ role: 'controlled', addresses: ['127.0.0.1'] })
    await Promise.all([a.gathered(), b.gathered()])
    introduceEnds(a, b)
    await a.until(() => a.selected !== null)
    await b.until(() => b.selected !== null)
    const scratch = new Uint8Array(1_200)
    for (let i = 0; i < 1_000; i++) {
      scratch.fill(65 + (i % 26))
      a.ice.send(scratch)
      // The bytes are ours again.
      scratch.fill(0)
    }
    await b.until(() => b.received.length >= 100)
    expect(b.received.every((text) => text.length === 1_200 && text === text.charAt(0).repeat(1_200))).toBe(
      true,
    )
    expect(b.received.some((text) => text.startsWith('\0'))).toBe(false)
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('all interfaces of this machine, loopback included', async () => {
    const a = new NodeEnd({ role: 'controlling', includeLoopback: true })
    const b = new NodeEnd({ role: 'controlled', includeLoopback: true })
    await Promise.all([a.gathered(), b.gathered()])
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('restart over real sockets', async () => {
    const a = new NodeEnd({ role: 'controlling', addresses: ['127.0.0.1'] })
    const b = new NodeEnd({ role: 'controlled', addresses: ['127.0.0.1'] })
    await Promise.all([a.gathered(), b.gathered()])
    introduceEnds(a, b)
    await a.until(() => a.selected !== null)
    await b.until(() => b.selected !== null)
    for (const end of [a, b]) {
      end.selected = null
      end.ice.restart()
    }
    await Promise.all([a.ice.gather(), b.ice.gather()])
    introduceEnds(a, b)
    await Promise.all([a.until(() => a.selected !== null), b.until(() => b.selected !== null)])
    await Promise.all([a.ice.close(), b.ice.close()])
  })

  test('ports of a range, and no candidate where all are taken', async () => {
    // Below the ports that systems give to those who ask for any.
    const portRange = { min: 21_234, max: 21_235 }
    const ends = [1, 2, 3].map(
      () => new NodeEnd({ role: 'controlling', addresses: ['127.0.0.1'], portRange }),
    )
    for (const end of ends) await end.gathered()
    const ports = ends.flatMap(({ candidates }) => candidates.map((candidate) => candidate?.port))
    expect(ports.filter((port) => port !== undefined).sort()).toEqual([21_234, 21_235])
    await Promise.all(ends.map(({ ice }) => ice.close()))
  })

  test('an address that is not this machine’s is left out', async () => {
    const end = await new NodeEnd({
      role: 'controlling',
      addresses: ['198.51.100.77', '127.0.0.1'],
    }).gathered()
    expect(end.candidates.map((candidate) => candidate?.address)).toEqual(['127.0.0.1', undefined])
    await end.ice.close()
  })

  test('sockets stay over a second open(), and none is opened after close()', async () => {
    const sockets = new IceSockets(
      { addresses: ['127.0.0.1', '::1'] },
      {
        handleDatagram: () => {},
        handleServerMessage: () => {},
        serverLost: () => {},
        connectionLost: () => {},
        nameResolved: () => {},
      },
    )
    const [first, second] = await Promise.all([sockets.open(), sockets.open()])
    expect(first).toHaveLength(2)
    expect(second).toEqual(first)
    await sockets.close()
    expect(await sockets.open()).toEqual([])
  })

  test('bad server URIs and credentials are refused at once', () => {
    for (const server of [{ urls: 'http://x' }, { urls: ['stun:a', 'turn:b'] }])
      expect(() => new NodeEnd({ role: 'controlling', iceServers: [server] })).toThrow(IceError)
  })

  test('servers that cannot be used are reported, the others asked', async () => {
    // RFC 1035 §2.3.4: a label of more than 63 octets is refused without asking a name server.
    const unknown = `stun:${'x'.repeat(64)}.invalid`
    const iceServers = [
      { urls: unknown },
      { urls: 'stuns:127.0.0.1' },
      { urls: 'turns:127.0.0.1?transport=udp', username: 'u', credential: 'p' },
    ]
    const end = await new NodeEnd({ role: 'controlling', addresses: ['127.0.0.1'], iceServers }).gathered()
    expect(new Set(end.unusable)).toEqual(
      new Set([unknown, 'stuns:127.0.0.1', 'turns:127.0.0.1?transport=udp']),
    )
    await end.ice.close()
  })

  test('close() during gather(), and twice', async () => {
    const end = new NodeEnd({ role: 'controlling', addresses: ['127.0.0.1'] })
    const gathering = end.ice.gather()
    await Promise.all([end.ice.close(), end.ice.close(), gathering])
    expect(end.ice.agent.state).toBe('closed')
    expect(() => end.ice.restart()).toThrow(expect.objectContaining({ code: 'closed' }))
    await end.ice.gather()
  })

  test('a transport that was never used closes', async () => {
    await new NodeIceTransport(
      { role: 'controlled' },
      {
        received: () => {},
        candidateGathered: () => {},
        gatheringStateChanged: () => {},
        stateChanged: () => {},
        pairSelected: () => {},
      },
    ).close()
  })
})

describe('interfaceAddresses', () => {
  test('loopback only if wanted, and last; link-local never', () => {
    const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
    expect(interfaceAddresses({}).some(isLoopback)).toBe(false)
    const all = interfaceAddresses({ includeLoopback: true })
    expect(all.some(isLoopback)).toBe(true)
    const first = all.findIndex(isLoopback)
    expect(all.slice(first).every(isLoopback)).toBe(true)
    expect(all.some((address) => address.startsWith('fe80'))).toBe(false)
    expect(interfaceAddresses({ includeLoopback: true, families: ['IPv4'] })).not.toContain('::1')
  })

  test('given addresses are taken as they are, each once', () => {
    expect(interfaceAddresses({ addresses: ['10.0.0.1', '::1', '10.0.0.1'] })).toEqual(['10.0.0.1', '::1'])
  })
})

describe('resolveServers', () => {
  test('names and literals, in order', async () => {
    const servers = [
      { urls: ['stun:127.0.0.1', 'stun:[::1]:19302'] },
      { urls: 'turn:localhost:3479', username: 'ann', credential: 'secret' },
    ]
    const resolved = await resolveServers(servers, () => {})
    expect(resolved.slice(0, 2)).toEqual([
      { kind: 'stun', url: 'stun:127.0.0.1', address: { family: 'IPv4', address: '127.0.0.1', port: 3478 } },
      { kind: 'stun', url: 'stun:[::1]:19302', address: { family: 'IPv6', address: '::1', port: 19302 } },
    ])
    expect(resolved[2]).toMatchObject({
      kind: 'turn',
      username: 'ann',
      password: 'secret',
      address: { port: 3479 },
    })
  })
})
