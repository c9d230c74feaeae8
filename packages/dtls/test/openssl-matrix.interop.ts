import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import type { KeyKind } from '@purertc/crypto'

import { type CipherSuite12Name, ProtocolVersion, type ResumableSession, SessionVault } from '../src/index.ts'
import {
  connect,
  type ConnectOptions,
  createServer,
  type DtlsServer,
  type DtlsSocket,
  type ServerOptions,
} from '../src/node/index.ts'
import { nodeCrypto } from '@purertc/crypto/node'
import { describeWith, freePort, Program } from './foreign.ts'
import { Papers } from './papers.ts'

const papers = await Papers.make()
const key = Buffer.from('b7f0a1c2d3e4f5061728394a5b6c7d8e', 'hex')
const identity = 'lamp 7'
const psk = {
  hint: 'a hint',
  key: (name: Uint8Array) => (Buffer.from(name).toString() === identity ? key : null),
}

/** OpenSSL's name of a suite, ours, and the key of the server's certificate. */
const suites: readonly (readonly [string, CipherSuite12Name, KeyKind])[] = [
  ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ec-p256'],
  ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ec-p384'],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ed25519'],
  ['ECDHE-ECDSA-AES128-CCM8', 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ec-p256'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'rsa'],
  ['ECDHE-RSA-AES256-GCM-SHA384', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'rsa'],
  ['ECDHE-RSA-CHACHA20-POLY1305', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'rsa'],
]

/** The same of shared keys; OpenSSL has no ECDHE_PSK with AES-GCM or CCM. */
const pskSuites: readonly (readonly [string, CipherSuite12Name])[] = [
  ['PSK-AES128-GCM-SHA256', 'TLS_PSK_WITH_AES_128_GCM_SHA256'],
  ['PSK-AES128-CCM8', 'TLS_PSK_WITH_AES_128_CCM_8'],
  ['PSK-CHACHA20-POLY1305', 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256'],
  ['ECDHE-PSK-CHACHA20-POLY1305', 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256'],
]

const kinds: readonly KeyKind[] = ['ec-p256', 'ec-p384', 'ed25519', 'rsa']
const running: { close(): void }[] = []
const programs: Program[] = []

afterEach(async () => {
  for (const one of running.splice(0)) one.close()
  for (const program of programs.splice(0)) await program.stop()
})
afterAll(() => papers.remove())

const run = (...args: string[]): Program => {
  const program = new Program('openssl', args)
  programs.push(program)
  return program
}

/** A short tag is below OpenSSL's taste. */
const cipher = (name: string): string[] => ['-cipher', `${name}:@SECLEVEL=0`]

const files = (kind: KeyKind): string[] => [
  ...['-cert', papers.of[kind].certificateFile, '-key', papers.of[kind].keyFile],
  ...['-cert_chain', papers.chainFile],
]

async function startServer(...args: string[]): Promise<{ server: Program; port: number }> {
  const port = await freePort()
  const server = run('s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, ...args)
  await server.says(/ACCEPT/)
  return { server, port }
}

async function dial(port: number, options: Partial<ConnectOptions>): Promise<DtlsSocket> {
  const socket = connect({ host: '127.0.0.1', port, retransmitTimeout: 200, ...options })
  running.push(socket)
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error))
  failed.catch(() => undefined)
  await Promise.race([once(socket, 'secureConnect'), failed])
  return socket
}

async function listen(options: ServerOptions): Promise<DtlsServer> {
  const server = createServer({ retransmitTimeout: 200, ...options })
  running.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const call = (server: DtlsServer, ...args: string[]): Program =>
  run('s_client', '-dtls1_2', '-connect', `127.0.0.1:${server.address().port}`, ...args)

async function talk(socket: DtlsSocket, program: Program): Promise<void> {
  socket.send('from us to OpenSSL\n')
  await program.says(/from us to OpenSSL/)
  const message = once(socket, 'message')
  program.type('from OpenSSL to us\n')
  expect(String((await message)[0])).toBe('from OpenSSL to us\n')
}

const trusting = { ca: papers.ca, servername: 'localhost' }
const verifying = ['-CAfile', papers.caFile, '-verify_return_error', '-verify_hostname', 'localhost']

describeWith('openssl', 'OpenSSL', () => {
  describe('s_server', () => {
    // As a DTLS server it cannot use its own Ed25519 keys: its own client gets no further. GnuTLS can.
    const serverSuites = suites.map(
      ([theirs, ours, kind]) => [theirs, ours, kind === 'ed25519' ? 'ec-p384' : kind] as const,
    )

    test.each(serverSuites)('with %s (%s, %s) is recognised by its chain', async (theirs, ours, kind) => {
      const { server, port } = await startServer(...files(kind), ...cipher(theirs))
      const socket = await dial(port, { ...trusting, cipherSuites: [ours] })
      expect(socket.getCipher()).toEqual({ name: ours, version: 'DTLSv1.2' })
      expect(socket.authorized).toBe(true)
      expect(socket.getPeerCertificate()?.subject).toBe(`CN=host ${kind}`)
      await talk(socket, server)
    })

    test.each(kinds)('recognises our certificate of %s by its chain', async (kind) => {
      const asking = ['-Verify', '2', '-verify_return_error', '-CAfile', papers.caFile]
      const { server, port } = await startServer(...files('rsa'), ...asking)
      const { cert, key } = papers.of[kind]
      const socket = await dial(port, { ...trusting, cert, key })
      await server.says(new RegExp(`subject=CN = host ${kind}`))
      await talk(socket, server)
    })

    test.each(['rsa_pss_rsae_sha512', 'rsa_pkcs1_sha384'] as const)('signs by %s', async (scheme) => {
      const { server, port } = await startServer(...files('rsa'))
      const socket = await dial(port, {
        ...trusting,
        // The chain is of ECDSA, and these schemes are for it as well.
        signatureSchemes: [scheme, 'ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'],
        cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
      })
      await talk(socket, server)
    })

    test('with P-384 for its ephemeral key', async () => {
      const { server, port } = await startServer(...files('ec-p256'), '-groups', 'P-384')
      const socket = await dial(port, trusting)
      expect(socket.session?.group?.name).toBe('p-384')
      await talk(socket, server)
    })

    test('is refused where its name is another, or its authority unknown', async () => {
      const { port } = await startServer(...files('ec-p256'))
      await expect(dial(port, { ca: papers.ca, servername: 'other.example' })).rejects.toMatchObject({
        cause: { code: 'wrong-host' },
      })
      await expect(dial(port, { ca: papers.stranger.cert })).rejects.toMatchObject({
        cause: { code: 'unknown-authority' },
      })
    })

    test.each(pskSuites)('with %s shares a key with us', async (theirs, ours) => {
      const sharing = [
        '-nocert',
        '-psk',
        key.toString('hex'),
        '-psk_identity',
        identity,
        '-psk_hint',
        'a hint',
      ]
      const { server, port } = await startServer(...sharing, ...cipher(theirs))
      const hints: (string | null)[] = []
      const choose: ConnectOptions['psk'] = (hint) => {
        hints.push(hint && Buffer.from(hint).toString())
        return { identity, key }
      }
      const socket = await dial(port, { psk: choose, cipherSuites: [ours] })
      expect(socket.getCipher()?.name).toBe(ours)
      // First for what DTLS 1.3 offers, which knows no hints.
      expect(hints).toEqual([null, 'a hint'])
      await talk(socket, server)
    })

    test.each([
      ['ticket', []],
      ['id', ['-no_ticket']],
    ])('resumes a session by %s', async (kind, args) => {
      const { server, port } = await startServer(...files('ec-p256'), ...args)
      const first = connect({ host: '127.0.0.1', port, ...trusting })
      running.push(first)
      const [session] = (await once(first, 'session')) as [ResumableSession]
      expect(session.ticket === null).toBe(kind === 'id')
      first.close()
      await server.says(/DONE/)
      const second = await dial(port, { ...trusting, session })
      expect(second.isSessionReused()).toBe(true)
      expect(second.authorized).toBe(true)
      await talk(second, server)
    })

    test('agrees on an application protocol', async () => {
      const { port } = await startServer(...files('ec-p256'), '-alpn', 'webrtc,co')
      expect((await dial(port, { ...trusting, alpn: ['co'] })).alpnProtocol).toBe('co')
    })
  })

  describe('s_client', () => {
    test.each(suites)('with %s (%s, %s) recognises us by our chain', async (theirs, ours, kind) => {
      const { cert, key } = papers.of[kind]
      const server = await listen({ cert, key, cipherSuites: [ours] })
      const connected = once(server, 'secureConnection')
      const client = call(server, ...cipher(theirs), ...verifying)
      const [socket] = (await connected) as [DtlsSocket]
      await client.says(/Verify return code: 0 \(ok\)/)
      await client.says(new RegExp(`Cipher *(is|:) ${theirs}`))
      await talk(socket, client)
    })

    test.each(kinds)('is recognised by its certificate of %s', async (kind) => {
      const { cert, key } = papers.of['ec-p256']
      const server = await listen({ cert, key, ca: papers.ca, requestCert: true })
      const connected = once(server, 'secureConnection')
      const client = call(server, ...files(kind), ...verifying)
      const [socket] = (await connected) as [DtlsSocket]
      expect(socket.authorized).toBe(true)
      expect(socket.getPeerCertificate()?.subject).toBe(`CN=host ${kind}`)
      await talk(socket, client)
    })

    test('is turned away with the certificate of a stranger, and let in without', async () => {
      const { cert, key } = papers.of['ec-p256']
      const server = await listen({ cert, key, ca: papers.ca, clientCertificate: 'optional' })
      const failed = once(server, 'clientError')
      const { certificateFile, keyFile } = papers.stranger
      const stranger = call(server, '-cert', certificateFile, '-key', keyFile)
      expect((await failed)[0]).toMatchObject({ cause: { code: 'unknown-authority' } })
      await stranger.says(/unknown ca/)
      const connected = once(server, 'secureConnection')
      call(server)
      expect(((await connected) as [DtlsSocket])[0].authorized).toBe(false)
    })

    test.each(pskSuites)('with %s shares a key with us', async (theirs, ours) => {
      const server = await listen({ psk, cipherSuites: [ours] })
      const connected = once(server, 'secureConnection')
      const sharing = ['-psk', key.toString('hex'), '-psk_identity', identity]
      const client = call(server, ...sharing, ...cipher(theirs))
      const [socket] = (await connected) as [DtlsSocket]
      expect(socket.getPskIdentity()?.toString()).toBe(identity)
      await client.says(/PSK identity hint: a hint/)
      await talk(socket, client)
    })

    test('with another name for its key is told so', async () => {
      const server = await listen({ psk })
      const client = call(server, '-psk', key.toString('hex'), '-psk_identity', 'stove', ...cipher('PSK'))
      await client.says(/unknown psk identity/)
    })

    test.each([true, false])('resumes a session, tickets: %s', async (tickets) => {
      const { cert, key } = papers.of.rsa
      const versions = { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls12 }
      const server = await listen({
        cert,
        key,
        versions,
        sessions: new SessionVault({ crypto: nodeCrypto, tickets }),
      })
      const file = papers.write('session.pem', '')
      const first = call(server, '-sess_out', file, ...verifying)
      const [one] = (await once(server, 'secureConnection')) as [DtlsSocket]
      await first.says(/New, .*Cipher is/)
      expect(one.isSessionReused()).toBe(false)
      await talk(one, first)
      first.type('Q\n')
      await once(one, 'close')
      expect(existsSync(file)).toBe(true)
      const connected = once(server, 'secureConnection')
      const second = call(server, '-sess_in', file)
      const [two] = (await connected) as [DtlsSocket]
      await second.says(/Reused, .*Cipher is/)
      expect(two.isSessionReused()).toBe(true)
      await talk(two, second)
    })

    test('agrees on an application protocol, or hears that there is none', async () => {
      const { cert, key } = papers.of['ec-p256']
      const server = await listen({ cert, key, alpn: ['co'] })
      await call(server, '-alpn', 'webrtc,co').says(/ALPN protocol: co/)
      await call(server, '-alpn', 'webrtc').says(/no application protocol/)
    })

    test('is shown the certificate of the name it asks for', async () => {
      const server = await listen({
        cert: [papers.stranger.cert, papers.of.rsa.cert],
        key: [papers.stranger.key, papers.of.rsa.key],
        signatureSchemes: ['rsa_pss_rsae_sha256'],
      })
      const client = call(
        server,
        '-servername',
        'localhost',
        '-CAfile',
        papers.caFile,
        '-sigalgs',
        'RSA-PSS+SHA256:ECDSA+SHA384:ECDSA+SHA256',
      )
      await client.says(/Peer signature type: RSA-PSS/)
    })
  })
})
