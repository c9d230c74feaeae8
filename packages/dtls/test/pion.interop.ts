import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { DtlsSocket } from '../src/node/index.ts'
import { Rebinder } from './connection-id/rebinder.ts'
import { Endpoints } from './endpoints.ts'
import { describeWith, freePort, type Program, Programs, Workshop } from './foreign.ts'
import { buildPeer, toolOf } from './peers/build.ts'

/** pion/dtls 3, in Go: DTLS 1.2 with connection IDs. */
describeWith(toolOf.pion, 'pion/dtls', () => {
  const workshop = new Workshop()
  const ours = workshop.makeCertificate('ours')
  const theirs = workshop.makeCertificate('theirs')
  const endpoints = new Endpoints()
  const programs = new Programs()
  let peer = ''

  beforeAll(() => {
    peer = buildPeer('pion')
  }, 300_000)
  afterAll(() => workshop.remove())

  const run = (role: 'client' | 'server', port: number, cid = -1): Program => {
    const files = [theirs.certificateFile, theirs.keyFile]
    return programs.run(peer, role, `127.0.0.1:${port}`, String(cid), ...files)
  }
  const common = {
    certificate: ours.certificate,
    verify: { fingerprints: [theirs.certificate.fingerprint()] },
  }

  test('as a server', async () => {
    const port = await freePort()
    const server = run('server', port)
    await server.says(/listening/)
    const socket = await endpoints.connect(port, common)
    socket.send('quiet please')
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(answer.toString()).toBe('QUIET PLEASE')
    socket.send('bye')
    await once(socket, 'close')
  })

  test('as a client', async () => {
    const server = await endpoints.listen(common)
    const client = run('client', server.address().port)
    const [socket] = (await once(server, 'secureConnection')) as [DtlsSocket]
    const [hello] = (await once(socket, 'message')) as [Buffer]
    expect(hello.toString()).toBe('hello')
    socket.send('bye')
    await client.says(/closed/)
  })

  describe('with connection IDs (RFC 9146)', () => {
    const message = async (socket: DtlsSocket): Promise<string> => String((await once(socket, 'message'))[0])

    test.each([
      [8, 0],
      [8, 5],
      [1, 20],
    ])('as a server with %s bytes, and %s of ours, follows us to another port', async (theirs, ours) => {
      const port = await freePort()
      const server = run('server', port, theirs)
      await server.says(/listening/)
      const socket = await endpoints.connect(port, { connectionId: ours, ...common })
      expect(socket.association.sendsConnectionId).toBe(true)
      socket.send('here')
      expect(await message(socket)).toBe('HERE')
      expect(socket.rebind()).toBe(true)
      // The new socket is bound in a moment.
      await server.says(/data here/)
      while (socket.association.path !== 'udp 2') await new Promise((resolve) => setImmediate(resolve))
      socket.send('there')
      expect(await message(socket)).toBe('THERE')
      socket.send('bye')
      await once(socket, 'close')
    })

    test.each([
      [8, 0],
      [8, 3],
      [20, 8],
    ])('as a client is found by %s bytes of ours, with %s of its own', async (ours, theirs) => {
      const server = await endpoints.listen({
        ...common,
        connectionId: ours,
        returnRoutability: 'application',
      })
      const nat = endpoints.keep(new Rebinder(server.address().port))
      const client = run('client', await nat.bind(), theirs)
      const [socket] = (await once(server, 'secureConnection')) as [DtlsSocket]
      expect(await message(socket)).toBe('hello')
      const { remotePort } = socket
      expect(socket.association.sendsConnectionId).toBe(theirs > 0)
      nat.rebind(true)
      socket.send('one')
      expect(await message(socket)).toBe('ONE')
      expect(socket.remotePort).not.toBe(remotePort)
      socket.send('bye')
      await client.says(/closed/)
    })
  })
})
