import { once } from 'node:events'
import { afterAll, expect, test } from '@jest/globals'
import { toHex } from '@purertc/bytes'

import { SrtpProfile } from '../src/index.ts'
import type { DtlsSocket } from '../src/node/index.ts'
import { Endpoints } from './endpoints.ts'
import {
  type CertificateFiles,
  describeWith,
  freePort,
  type Program,
  Programs,
  talk,
  Workshop,
} from './foreign.ts'

const label = 'EXTRACTOR-dtls_srtp'
const exportArguments = ['-keymatexport', label, '-keymatexportlen', '60']
const srtpArguments = ['-use_srtp', 'SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80']
const srtpProfiles = [SrtpProfile.aes128CmHmacSha1_80]

describeWith('openssl', 'OpenSSL', () => {
  const workshop = new Workshop()
  const ours = workshop.makeCertificate('ours')
  const theirs = workshop.makeCertificate('theirs')
  const endpoints = new Endpoints()
  const programs = new Programs()

  afterAll(() => workshop.remove())

  const run = (...args: string[]): Program => programs.run('openssl', ...args)

  const identity = ({ certificateFile, keyFile }: CertificateFiles): string[] => [
    '-cert',
    certificateFile,
    '-key',
    keyFile,
  ]

  /** s_server with mutual authentication. */
  const startServer = async (...args: string[]): Promise<{ server: Program; port: number }> => {
    const port = await freePort()
    const server = run(
      's_server',
      '-dtls1_2',
      ...['-accept', `127.0.0.1:${port}`, ...identity(theirs)],
      ...['-Verify', '1', '-verify_return_error', '-CAfile', ours.certificateFile],
      ...args,
    )
    await server.says(/ACCEPT/)
    return { server, port }
  }

  const dial = (port: number, mtu = 1_200): DtlsSocket =>
    endpoints.dial(port, {
      certificate: ours.certificate,
      verify: { fingerprints: [theirs.certificate.fingerprint()] },
      srtpProfiles,
      retransmitTimeout: 200,
      mtu,
    })

  const exportedBy = async (program: Program): Promise<string> =>
    (await program.says(/Keying material: ([0-9A-F]{120})/))[1]?.toLowerCase() ?? ''

  const exportedByUs = (socket: DtlsSocket): string =>
    toHex(socket.session?.exportKeyingMaterial(label, null, 60) ?? new Uint8Array(0))

  test.each([
    ['', []],
    [' that asks for a cookie', ['-listen']],
    [' with P-256 only', ['-groups', 'P-256']],
    [' with an MTU of 256', ['-mtu', '256']],
  ])('s_server%s authenticates us, and data goes both ways', async (_name, args) => {
    const { server, port } = await startServer(...srtpArguments, ...exportArguments, ...args)
    const socket = dial(port, args.includes('-mtu') ? 256 : 1_200)
    await once(socket, 'secureConnect')
    expect(socket.session?.peerCertificate).toEqual(theirs.certificate.der)
    expect(socket.session?.group?.name).toBe(args.includes('P-256') ? 'p-256' : 'x25519')
    expect(socket.session?.srtpProfile).toBe(SrtpProfile.aes128CmHmacSha1_80)
    await server.says(/subject=CN = ours/)
    await server.says(/SRTP_AES128_CM_SHA1_80/)
    expect(exportedByUs(socket)).toBe(await exportedBy(server))
    await talk(socket, server, 'OpenSSL')
  })

  test('s_server hears our close_notify', async () => {
    const { server, port } = await startServer()
    const socket = dial(port)
    await once(socket, 'secureConnect')
    socket.close()
    await server.says(/DONE/)
  })

  test('s_server that demands another certificate tells us so', async () => {
    const { port } = await startServer('-CAfile', theirs.certificateFile)
    const socket = dial(port)
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error).toMatchObject({ code: 'alert', reason: { authenticated: false } })
  })

  test('s_server with a certificate that we do not expect is refused', async () => {
    const port = await freePort()
    const server = run('s_server', '-dtls1_2', '-accept', `127.0.0.1:${port}`, ...identity(ours))
    await server.says(/ACCEPT/)
    const [error] = (await once(dial(port), 'error')) as [Error]
    expect(error).toMatchObject({ code: 'peer-misbehaved', cause: { code: 'certificate-refused' } })
    await server.says(/bad certificate/)
  })

  test.each([
    ['', []],
    [' with P-256 only', ['-groups', 'P-256']],
    [' with an MTU of 256', ['-mtu', '256']],
    [
      ' that offers much',
      ['-cipher', 'ALL', '-groups', 'P-384:P-521:X448:X25519:P-256', '-sigalgs', 'ECDSA+SHA256:RSA+SHA256'],
    ],
  ])('s_client%s is authenticated by us, and data goes both ways', async (_name, args) => {
    const server = await endpoints.listen({
      certificate: ours.certificate,
      verify: { fingerprints: [theirs.certificate.fingerprint()] },
      srtpProfiles,
      mtu: args.includes('-mtu') ? 256 : 1_200,
    })
    const connected = once(server, 'secureConnection')
    const client = run(
      's_client',
      '-dtls1_2',
      ...['-connect', `127.0.0.1:${server.address().port}`, ...identity(theirs)],
      ...['-verify', '1', '-verify_return_error', '-CAfile', ours.certificateFile],
      ...srtpArguments,
      ...exportArguments,
      ...args,
    )
    const [socket] = (await connected) as [DtlsSocket]
    await client.says(/Verify return code: 0 \(ok\)/)
    await client.says(/ECDHE-ECDSA-AES128-GCM-SHA256/)
    await client.says(/Extended master secret: yes/)
    await client.says(/Secure Renegotiation IS supported/)
    expect(socket.session?.peerCertificate).toEqual(theirs.certificate.der)
    expect(exportedByUs(socket)).toBe(await exportedBy(client))
    await talk(socket, client, 'OpenSSL')

    const ended = once(socket, 'close')
    client.type('Q\n')
    expect((await ended)[0]).toEqual({ kind: 'close-notify' })
  })

  test('s_client without certificate is turned away', async () => {
    const server = await endpoints.listen({
      certificate: ours.certificate,
      verify: { certificate: () => true },
    })
    const failed = once(server, 'clientError')
    const client = run('s_client', '-dtls1_2', '-connect', `127.0.0.1:${server.address().port}`)
    const [error] = (await failed) as [Error]
    expect(error).toMatchObject({ cause: { code: 'no-certificate' } })
    await client.says(/handshake failure/)
  })

  test('s_client that speaks DTLS 1.0 only is turned away', async () => {
    const server = await endpoints.listen({
      certificate: ours.certificate,
      verify: { certificate: () => true },
    })
    const to = `127.0.0.1:${server.address().port}`
    const client = run('s_client', '-dtls1', '-cipher', 'ALL:@SECLEVEL=0', '-connect', to)
    await client.says(/alert protocol version/)
    expect(server.sessions).toBe(0)
  })

  test('s_client that renegotiates is told that we do not', async () => {
    const server = await endpoints.listen({
      certificate: ours.certificate,
      verify: { certificate: () => true },
    })
    const connected = once(server, 'secureConnection')
    const client = run(
      's_client',
      '-dtls1_2',
      ...['-connect', `127.0.0.1:${server.address().port}`, ...identity(theirs)],
    )
    await connected
    await client.says(/Verify return code/)
    client.type('R\n')
    await client.says(/alert unexpected message/)
  })
})
