import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, test } from '@jest/globals'

import { DtlsError, ProtocolVersion, type ResumableSession } from '../src/index.ts'
import {
  type ConnectOptions,
  createServer,
  type DtlsServer,
  type DtlsSocket,
  type ServerOptions,
} from '../src/node/index.ts'
import { issue, type Issued, toPem } from './authority.ts'
import { Endpoints } from './endpoints.ts'

const endpoints = new Endpoints()

const pem = (...chain: readonly Issued[]): string =>
  chain.map(({ der }) => toPem('CERTIFICATE', der)).join('in between\n')

const keyPem = ({ pkcs8 }: Issued, passphrase?: string): string =>
  createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    .export({
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase !== undefined && { cipher: 'aes-256-cbc', passphrase }),
    })
    .toString()

const dtls12 = { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 }
const root = await issue('root', { authority: true })
const middle = await issue('middle', { authority: true }, root)
const host = await issue('host', { hosts: ['localhost', '127.0.0.1', 'coap.example.org'] }, middle)
const device = await issue('device', { kind: 'rsa' }, root)
const stranger = await issue('stranger', { hosts: ['localhost'] })
const ca = pem(root)
const server = { cert: pem(host, middle), key: keyPem(host) }

const listen = (options: ServerOptions): Promise<DtlsServer> =>
  endpoints.listen({ retransmitTimeout: 50, ...options })

const dial = (to: DtlsServer, options: Partial<ConnectOptions>): DtlsSocket =>
  endpoints.dial(to.address().port, { retransmitTimeout: 50, ...options })

/** Both ends of a connection that is complete. */
async function meet(
  serverOptions: ServerOptions,
  clientOptions: Partial<ConnectOptions>,
): Promise<[DtlsSocket, DtlsSocket]> {
  const to = await listen(serverOptions)
  const accepted = once(to, 'secureConnection')
  const socket = dial(to, clientOptions)
  await once(socket, 'secureConnect')
  return [socket, ((await accepted) as [DtlsSocket])[0]]
}

const failure = async (
  serverOptions: ServerOptions,
  clientOptions: Partial<ConnectOptions>,
): Promise<unknown> =>
  await meet(serverOptions, clientOptions).then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('PEM files', () => {
  test('are all it takes, on both sides', async () => {
    const [client, session] = await meet(server, { ca })
    expect(client.authorized).toBe(true)
    expect(client.authorizationError).toBeNull()
    expect(client.getPeerCertificate()?.subject).toBe('CN=host')
    expect(client.getProtocol()).toBe(client.session?.version === 0xfefd ? 'DTLSv1.2' : 'DTLSv1.3')
    expect(client.getCipher()).toEqual({
      name: client.session?.cipherSuite.name,
      version: client.getProtocol(),
    })
    expect(client.alpnProtocol).toBe(false)
    expect(client.remoteAddress).toBe('127.0.0.1')
    expect(client.remotePort).toBeGreaterThan(0)
    // An address is not told to the server (RFC 6066 §3).
    expect(session.servername).toBe(false)
    expect(session.authorized).toBe(false)
    expect(session.getPeerCertificate()).toBeNull()
    expect(session.exportKeyingMaterial(32, 'EXPERIMENTAL x', Buffer.from('context'))).toEqual(
      client.exportKeyingMaterial(32, 'EXPERIMENTAL x', Buffer.from('context')),
    )
  })

  test('may be bytes, lists, DER, and encrypted', async () => {
    const options = {
      cert: [Buffer.from(pem(host, middle))],
      key: [keyPem(host, 'secret')],
      passphrase: 'secret',
    }
    const [client] = await meet(options, { ca: [pem(stranger), root.der] })
    expect(client.authorized).toBe(true)
  })

  test.each([
    ['a key that belongs to something else', { ...server, key: keyPem(root) }],
    ['no key', { cert: server.cert }],
    ['a passphrase that is wrong', { cert: server.cert, key: keyPem(host, 'secret'), passphrase: 'guess' }],
    ['two certificates and one key', { cert: [server.cert, pem(stranger)], key: [server.key] }],
    ['text', { cert: 'no certificate', key: server.key }],
  ])('with %s are refused at once', (_name, options) => {
    const error: unknown = expect.objectContaining({ code: 'invalid-certificate' })
    expect(() => createServer(options)).toThrow(error)
  })

  test('of no authority are refused where clients shall be judged', () => {
    expect(() => createServer({ ...server, requestCert: true })).toThrow(DtlsError)
    expect(() => createServer({})).toThrow(DtlsError)
  })
})

describe('a server', () => {
  test.each([
    ['whose authority is unknown', { ca: pem(stranger) }, 'unknown-authority'],
    ['that Node does not trust', {}, 'unknown-authority'],
    ['of another name', { ca, servername: 'other.example.org' }, 'wrong-host'],
  ])('%s is refused', async (_name, options, code) => {
    expect(await failure(server, options)).toMatchObject({ code: 'peer-misbehaved', cause: { code } })
  })

  test('of another name may be let in, and is not authorized', async () => {
    const [client] = await meet(server, { ca, servername: 'other.example.org', rejectUnauthorized: false })
    expect(client.authorized).toBe(false)
    expect(client.authorizationError).toMatchObject({ code: 'wrong-host' })
    const [good] = await meet(server, { ca, rejectUnauthorized: false })
    expect(good.authorized).toBe(true)
  })

  test('is judged by checkServerIdentity instead of its name', async () => {
    const seen: string[] = []
    const checkServerIdentity: ConnectOptions['checkServerIdentity'] = (name, { subject }) => {
      seen.push(`${name}: ${subject}`)
      return name === 'bad.example' ? new Error('no') : undefined
    }
    const [client] = await meet(server, { ca, servername: 'good.example', checkServerIdentity })
    expect(client.authorized).toBe(true)
    expect(await failure(server, { ca, servername: 'bad.example', checkServerIdentity })).toMatchObject({
      cause: { code: 'certificate-refused' },
    })
    expect(seen).toEqual(['good.example: CN=host', 'bad.example: CN=host'])
  })

  test('shows the certificate of the name that is asked for', async () => {
    const both = { cert: [pem(stranger), server.cert], key: [keyPem(stranger), server.key] }
    const [client, session] = await meet(both, { ca, servername: 'coap.example.org' })
    expect(client.getPeerCertificate()?.subject).toBe('CN=host')
    expect(session.servername).toBe('coap.example.org')
  })
})

describe('a client', () => {
  const own = { cert: pem(device), key: keyPem(device) }

  test('with certificate is asked for it, and known by it', async () => {
    const [, session] = await meet({ ...server, ca, requestCert: true }, { ca, ...own })
    expect(session.authorized).toBe(true)
    expect(session.getPeerCertificate()?.subject).toBe('CN=device')
  })

  test('without is turned away', async () => {
    const to = await listen({ ...server, ca, requestCert: true })
    const refused = once(to, 'clientError')
    dial(to, { ca })
    expect((await refused)[0]).toMatchObject({ cause: { code: 'certificate-required' } })
  })

  test('without, or with a wrong one, may be let in, and is not authorized', async () => {
    const lenient = { ...server, ca, requestCert: true, rejectUnauthorized: false }
    expect((await meet(lenient, { ca }))[1].authorized).toBe(false)
    const [, wrong] = await meet(lenient, { ca, cert: pem(stranger), key: keyPem(stranger) })
    expect(wrong.authorized).toBe(false)
    expect(wrong.authorizationError).toMatchObject({ code: 'unknown-authority' })
    expect((await meet(lenient, { ca, ...own }))[1].authorized).toBe(true)
  })

  test('without may be let in, but with a wrong one not', async () => {
    const optional = { ...server, ca, clientCertificate: 'optional' } as const
    expect((await meet(optional, { ca }))[1].authorized).toBe(false)
    const to = await listen(optional)
    const refused = once(to, 'clientError')
    dial(to, { ca, cert: pem(stranger), key: keyPem(stranger) })
    expect((await refused)[0]).toMatchObject({ cause: { code: 'unknown-authority' } })
  })
})

describe('shared keys', () => {
  const key = Buffer.from('5a7c1f', 'hex')
  const psk = {
    hint: 'gateway',
    key: (identity: Uint8Array) => (String(Buffer.from(identity)) === 'lamp' ? key : null),
  }

  test('are all it takes, on both sides', async () => {
    const [client, session] = await meet({ psk }, { psk: { identity: 'lamp', key } })
    expect(session.getPskIdentity()?.toString()).toBe('lamp')
    expect([client.authorized, session.authorized]).toEqual([true, true])
    expect(client.getPeerCertificate()).toBeNull()
  })

  test('of another name are refused', async () => {
    expect(await failure({ psk }, { psk: { identity: 'stove', key } })).toMatchObject({
      reason: { name: 'unknown_psk_identity' },
    })
  })
})

describe('a session', () => {
  test.each([
    ['DTLSv1.2', dtls12],
    ['DTLSv1.3', { ...dtls12, max: ProtocolVersion.dtls13 }],
  ])('of %s is taken up again', async (protocol, versions) => {
    const to = await listen({ ...server, versions })
    const first = dial(to, { ca, versions })
    const [session] = (await once(first, 'session')) as [ResumableSession]
    expect(first.isSessionReused()).toBe(false)
    const second = dial(to, { ca, versions, session })
    await once(second, 'secureConnect')
    expect(second.getProtocol()).toBe(protocol)
    expect(second.isSessionReused()).toBe(true)
    expect(second.authorized).toBe(true)
    expect(second.getPeerCertificate()?.subject).toBe('CN=host')
  })
})

describe('time', () => {
  test('is set on a socket that is open', async () => {
    const [client] = await meet(server, { ca })
    const closed = once(client, 'close')
    client.setIdleTimeout(10)
    expect(await closed).toEqual([{ kind: 'local' }])
  })

  test('runs out for a client that begins, and says no more', async () => {
    const to = await listen({ ...server, handshakeTimeout: 100 })
    const failed = once(to, 'clientError')
    const socket = dial(to, { ca, handshakeTimeout: 10_000, retransmitTimeout: 10_000 })
    // It hears nothing of what the server says after the cookie.
    const { association } = socket
    const handle = association.handleDatagram.bind(association)
    let heard = 0
    association.handleDatagram = (now, datagram) => {
      if (heard++ === 0) handle(now, datagram)
    }
    expect((await failed)[0]).toMatchObject({ code: 'handshake-timeout' })
    expect(to.sessions).toBe(0)
  })
})
