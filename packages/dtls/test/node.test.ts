import { X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'

import { formatFingerprint } from '../src/index.ts'
import {
  connect,
  type ConnectOptions,
  type DtlsServer,
  type DtlsSocket,
  type ServerOptions,
} from '../src/node/index.ts'
import { Endpoints } from './endpoints.ts'
import { clientCertificate, serverCertificate } from './pair.ts'

const endpoints = new Endpoints()

const listen = (
  onSession?: (socket: DtlsSocket) => void,
  options?: Partial<ServerOptions>,
): Promise<DtlsServer> =>
  endpoints.listen(
    { certificate: serverCertificate, verify: { certificate: () => true }, ...options },
    onSession,
  )

const dial = (server: DtlsServer, options?: Partial<ConnectOptions>): DtlsSocket =>
  endpoints.dial(server.address().port, {
    certificate: clientCertificate,
    verify: { fingerprints: [serverCertificate.fingerprint()] },
    retransmitTimeout: 50,
    ...options,
  })

describe('client and server over UDP', () => {
  test('exchange messages', async () => {
    const server = await listen((socket) =>
      socket.on('message', (data) => socket.send(`${data.toString()}!`)),
    )
    const socket = dial(server)
    await once(socket, 'secureConnect')
    socket.send('hello')
    const [reply] = (await once(socket, 'message')) as [Buffer]
    expect(reply.toString()).toBe('hello!')
    expect(server.sessions).toBe(1)
  })

  test('serve many clients on one socket, each with its own certificate', async () => {
    const seen: (Uint8Array | null)[] = []
    const server = await listen((socket) => {
      if (socket.session !== null) seen.push(socket.session.peerCertificate)
      socket.on('message', (data) => socket.send(data))
    })
    const sockets = Array.from({ length: 10 }, () => dial(server))
    await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')))
    const replies = sockets.map((socket) => once(socket, 'message'))
    sockets.forEach((socket, i) => socket.send(String(i)))
    const texts = (await Promise.all(replies)).map(([data]) => String(data))
    expect(texts).toEqual(sockets.map((_, i) => String(i)))
    expect(server.sessions).toBe(10)
    expect(seen).toEqual(sockets.map(() => clientCertificate.der))
  })

  test('close together, and forget each other', async () => {
    const server = await listen()
    const socket = dial(server)
    const [[session]] = (await Promise.all([
      once(server, 'secureConnection'),
      once(socket, 'secureConnect'),
    ])) as [[DtlsSocket], unknown]
    const closed = once(session, 'close')
    socket.close()
    expect(await closed).toEqual([{ kind: 'close-notify' }])
    expect(server.sessions).toBe(0)
  })

  test('end all sessions with the server', async () => {
    const server = await listen()
    const socket = dial(server)
    await once(socket, 'secureConnect')
    const ends = Promise.all([once(socket, 'close'), once(server, 'close')])
    server.close()
    expect((await ends)[0]).toEqual([{ kind: 'close-notify' }])
  })

  test('report a server that is not the right one, on both sides', async () => {
    const server = await listen(undefined, { retransmitTimeout: 50 })
    const socket = dial(server, { verify: { fingerprints: [clientCertificate.fingerprint()] } })
    const reported = once(server, 'clientError')
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'peer-misbehaved', cause: { code: 'certificate-refused' } })
    const [clientError] = (await reported) as [Error]
    expect(clientError).toMatchObject({ code: 'alert', reason: { name: 'bad_certificate' } })
  })

  test('report a server that is not there', async () => {
    const socket = connect({
      host: '127.0.0.1',
      port: 9,
      certificate: clientCertificate,
      verify: { certificate: () => true },
      handshakeTimeout: 100,
    })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'handshake-timeout' })
  })

  test('refuse a port that is none where it is given', () => {
    for (const port of [0, 65_536, NaN, undefined as never])
      expect(() => connect({ port, psk: { identity: 'x', key: new Uint8Array(16) } })).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      )
  })

  test('report a name that cannot be resolved', async () => {
    const socket = connect({
      // RFC 1035 §2.3.4: a label of more than 63 octets is refused without asking a name server.
      host: `${'x'.repeat(64)}.invalid`,
      port: 9,
      certificate: clientCertificate,
      verify: { certificate: () => true },
    })
    let isClosed = false
    socket.on('close', () => (isClosed = true))
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error).toMatchObject({ syscall: 'getaddrinfo' })
    expect(isClosed).toBe(true)
  })

  test('begin anew from a port that has an association, and only then drop the old one', async () => {
    const server = await listen((socket) => socket.on('message', (data) => socket.send(data)))
    // A NAT of one mapping: both clients reach the server from the same port. The second takes it over for good: what
    // the first one still repeats would draw the server's answers away from it.
    const nat = endpoints.keep(createSocket('udp4'))
    const inside = endpoints.keep(createSocket('udp4'))
    nat.bind(0, '127.0.0.1')
    inside.bind(0, '127.0.0.1')
    await Promise.all([once(nat, 'listening'), once(inside, 'listening')])
    const clients: number[] = []
    inside.on('message', (datagram, from) => {
      if (!clients.includes(from.port)) clients.push(from.port)
      if (from.port !== clients.at(-1)) return
      nat.send(datagram, server.address().port, '127.0.0.1')
    })
    nat.on('message', (datagram) => inside.send(datagram, clients.at(-1), '127.0.0.1'))

    const first = dial(server, { port: inside.address().port })
    const [firstSession] = (await once(server, 'secureConnection')) as [DtlsSocket]
    const second = dial(server, { port: inside.address().port })
    const ended = once(firstSession, 'close')
    await once(second, 'secureConnect')
    expect(await ended).toEqual([{ kind: 'local' }])
    second.send('second')
    expect(String((await once(second, 'message'))[0])).toBe('second')
    expect(server.sessions).toBe(1)
    first.removeAllListeners()
  })

  test('keep no session for a flood of ClientHellos', async () => {
    const server = await listen()
    const flood = endpoints.keep(createSocket('udp4'))
    let answers = 0
    flood.on('message', () => answers++)
    flood.bind(0, '127.0.0.1')
    await once(flood, 'listening')
    const relay = createSocket('udp4')
    relay.bind(0, '127.0.0.1')
    await once(relay, 'listening')
    const socket = dial(server, { port: relay.address().port, retransmitTimeout: 10_000 })
    // With its key shares it takes two datagrams.
    const hello: Buffer[] = []
    relay.on('message', (datagram) => hello.push(datagram))
    while (hello.length < 2) await once(relay, 'message')
    socket.close()
    relay.close()
    // What the kernel has no room for it drops: the flood goes on until enough of it was answered.
    while (answers < 50) {
      for (let i = 0; i < 10; i++)
        for (const fragment of hello) flood.send(fragment, server.address().port, '127.0.0.1')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(server.sessions).toBe(0)
  })
})

describe('a generated certificate', () => {
  test('is what OpenSSL takes for one', () => {
    const x509 = new X509Certificate(serverCertificate.der)
    expect(x509.subject).toBe('CN=server')
    expect(x509.issuer).toBe('CN=server')
    expect(x509.verify(x509.publicKey)).toBe(true)
    expect(x509.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    expect(new Date(x509.validTo).getTime()).toBe(serverCertificate.expires)
    expect(new Date(x509.validFrom).getTime()).toBeLessThan(Date.now() - 80_000_000)
    expect(formatFingerprint(serverCertificate.fingerprint())).toBe(`sha-256 ${x509.fingerprint256}`)
    expect(formatFingerprint(serverCertificate.fingerprint('sha-512'))).toBe(`sha-512 ${x509.fingerprint512}`)
  })

  test('has a serial number of its own', () => {
    const serials = [clientCertificate, serverCertificate].map(
      ({ der }) => new X509Certificate(der).serialNumber,
    )
    expect(new Set(serials).size).toBe(2)
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
  })
})
