import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'

import type { DtlsServer, DtlsSocket } from '../../src/node/index.ts'
import { Endpoints } from '../endpoints.ts'
import { clientCertificate, only12, serverCertificate, upTo13 } from '../pair.ts'
import { Rebinder } from './rebinder.ts'

const endpoints = new Endpoints()

const natOf = (server: DtlsServer): Rebinder => endpoints.keep(new Rebinder(server.address().port))

const message = async (socket: DtlsSocket): Promise<string> => {
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data.toString()
}

describe.each([
  ['1.2', only12],
  ['1.3', upTo13],
])('a server of DTLS %s on one UDP socket', (_version, versions) => {
  const serve = (options: { returnRoutability?: 'basic' | 'enhanced' } = {}): Promise<DtlsServer> =>
    endpoints.listen({
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
      connectionId: 6,
      versions,
      ...options,
    })

  const join = async (server: DtlsServer, port: number): Promise<[DtlsSocket, DtlsSocket]> => {
    const socket = endpoints.dial(port, {
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
      connectionId: 0,
      versions,
    })
    const secured = once(socket, 'secureConnect')
    const [peer] = (await once(server, 'secureConnection')) as [DtlsSocket]
    await secured
    return [socket, peer]
  }

  test('finds a client again whose NAT has given it another port', async () => {
    const server = await serve()
    const nat = natOf(server)
    const [socket, peer] = await join(server, await nat.bind())
    const { remotePort } = peer
    socket.send('from here')
    expect(await message(peer)).toBe('from here')
    nat.rebind()
    socket.send('from there')
    expect(await message(peer)).toBe('from there')
    const rebound = once(peer, 'rebind')
    peer.send('welcome back')
    expect(await message(socket)).toBe('welcome back')
    await rebound
    expect(peer.remotePort).not.toBe(remotePort)
    expect(server.sessions).toBe(1)
    socket.send('at home')
    expect(await message(peer)).toBe('at home')
  })

  test('follows a client that takes another socket itself', async () => {
    const server = await serve({ returnRoutability: 'enhanced' })
    const [socket, peer] = await join(server, server.address().port)
    const { remotePort } = peer
    expect(socket.rebind()).toBe(true)
    for (let i = 0; i < 2; i++) {
      const rebound = once(peer, 'rebind')
      // The new socket is bound in a moment; what is sent until then leaves by the former.
      const timer = setInterval(() => socket.send('hello'), 5)
      await rebound
      clearInterval(timer)
      expect(peer.remotePort).not.toBe(remotePort)
      peer.send('there you are')
      expect(await message(socket)).toBe('there you are')
      if (i === 0) expect(socket.rebind()).toBe(true)
    }
    expect(server.sessions).toBe(1)
  })

  test('tells clients apart that exchange their addresses', async () => {
    const server = await serve({ returnRoutability: 'basic' })
    const nats = [natOf(server), natOf(server)] as const
    const [a, ofA] = await join(server, await nats[0].bind())
    const [b, ofB] = await join(server, await nats[1].bind())
    for (const nat of nats) nat.rebind()
    a.send('a')
    b.send('b')
    expect(await Promise.all([message(ofA), message(ofB)])).toEqual(['a', 'b'])
    ofA.send('to a')
    ofB.send('to b')
    expect(await Promise.all([message(a), message(b)])).toEqual(['to a', 'to b'])
    expect(server.sessions).toBe(2)
    a.close()
    await once(ofA, 'close')
    expect(server.sessions).toBe(1)
  })

  test('forgets connection IDs with their associations', async () => {
    const server = await serve()
    const [socket] = await join(server, server.address().port)
    socket.close()
    for (const [peer] of [await join(server, server.address().port)]) peer.close()
    const [again, peer] = await join(server, server.address().port)
    again.send('still there')
    expect(await message(peer)).toBe('still there')
  })
})

test('a client without connection ID cannot take another socket', async () => {
  const server = await endpoints.listen({ certificate: serverCertificate })
  const verify = { fingerprints: [serverCertificate.fingerprint()] }
  const socket = endpoints.dial(server.address().port, { verify })
  expect(socket.rebind()).toBe(false)
  await once(socket, 'secureConnect')
  expect(socket.rebind()).toBe(false)
})
