import { once } from 'node:events'
import { afterAll, describe, expect, test } from '@jest/globals'
import { toHex } from '@purertc/bytes'

import { SrtpProfile } from '../src/index.ts'
import type { DtlsSocket } from '../src/node/index.ts'
import { Endpoints } from './endpoints.ts'
import { describeWith, freePort, Programs, talk, Workshop } from './foreign.ts'

const srtpProfiles = [SrtpProfile.aes128CmHmacSha1_80]
const srtpName = 'SRTP_AES128_CM_HMAC_SHA1_80'

describeWith('gnutls-cli', 'GnuTLS', () => {
  const workshop = new Workshop()
  const ours = workshop.makeCertificate('ours')
  const theirs = workshop.makeCertificate('theirs')
  const endpoints = new Endpoints()
  const programs = new Programs()

  afterAll(() => workshop.remove())

  const identity = ['--x509certfile', theirs.certificateFile, '--x509keyfile', theirs.keyFile]

  test.each([
    ['X25519', 'x25519'],
    ['SECP256R1', 'p-256'],
  ])('gnutls-serv with %s authenticates us and echoes', async (group, name) => {
    const port = await freePort()
    const server = programs.run(
      'gnutls-serv',
      ...['--udp', '-p', String(port), ...identity, '--srtp-profiles', srtpName, '--echo'],
      ...['--x509cafile', ours.certificateFile, '--require-client-cert', '--verify-client-cert'],
      ...['--priority', `NORMAL:-GROUP-ALL:+GROUP-${group}`],
    )
    await server.says(/listening on IPv4/)
    const socket = await endpoints.connect(port, {
      certificate: ours.certificate,
      verify: { fingerprints: [theirs.certificate.fingerprint()] },
      srtpProfiles,
      retransmitTimeout: 200,
    })
    expect(socket.session?.group?.name).toBe(name)
    expect(socket.session?.srtpProfile).toBe(SrtpProfile.aes128CmHmacSha1_80)
    socket.send('there and back\n')
    expect(String((await once(socket, 'message'))[0])).toBe('there and back\n')
  })

  test.each([
    ['X25519', 'x25519', 1_200],
    ['SECP256R1', 'p-256', 1_200],
    ['X25519', 'x25519', 400],
  ])('gnutls-cli with %s is authenticated by us, and data goes both ways', async (group, name, mtu) => {
    const server = await endpoints.listen({
      certificate: ours.certificate,
      verify: { fingerprints: [theirs.certificate.fingerprint()] },
      srtpProfiles,
      mtu,
    })
    const connected = once(server, 'secureConnection')
    const client = programs.run(
      'gnutls-cli',
      ...['--udp', '--insecure', '--mtu', String(mtu), '-p', String(server.address().port)],
      // RFC 8422 §5.1.1: whoever lists groups takes certificates of those curves alone, and ours is one of P-256.
      ...['--priority', `NORMAL:-GROUP-ALL:+GROUP-${group}:+GROUP-SECP256R1`],
      ...['--srtp-profiles', srtpName, ...identity],
      ...['--keymatexport', 'EXPERIMENTAL-purertc', '--keymatexportsize', '40', '127.0.0.1'],
    )
    const [socket] = (await connected) as [DtlsSocket]
    expect(socket.session?.group?.name).toBe(name)
    expect(socket.session?.srtpProfile).toBe(SrtpProfile.aes128CmHmacSha1_80)
    await client.says(/Handshake was completed/)
    await client.says(/DTLS1.2/)
    const exported = (await client.says(/Key material: ([0-9a-f]{80})/))[1]
    const material = socket.session?.exportKeyingMaterial('EXPERIMENTAL-purertc', null, 40)
    expect(toHex(material ?? new Uint8Array(0))).toBe(exported)
    await talk(socket, client, 'GnuTLS')
  })

  test('gnutls-cli without certificate is turned away', async () => {
    const server = await endpoints.listen({
      certificate: ours.certificate,
      verify: { certificate: () => true },
    })
    const failed = once(server, 'clientError')
    programs.run('gnutls-cli', '--udp', '--insecure', '-p', String(server.address().port), '127.0.0.1')
    const [error] = (await failed) as [Error]
    expect(error).toMatchObject({ cause: { code: 'no-certificate' } })
  })

  describe('with raw public keys (RFC 7250)', () => {
    const priority = 'NORMAL:-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK'
    const rawIdentity = ['--rawpkfile', theirs.publicKeyFile, '--rawpkkeyfile', theirs.keyFile]
    const knowsThem = {
      certificate: ours.certificate,
      ownCertificateTypes: ['raw-public-key'],
      verify: { publicKeys: [theirs.certificate.subjectPublicKeyInfo] },
    } as const

    test('gnutls-serv shows its key, and sees ours', async () => {
      const port = await freePort()
      const server = programs.run(
        'gnutls-serv',
        ...['--udp', '-p', String(port), ...rawIdentity, '--echo', '--require-client-cert'],
        ...['--priority', priority],
      )
      await server.says(/listening on IPv4/)
      const socket = await endpoints.connect(port, { retransmitTimeout: 200, ...knowsThem })
      expect(socket.session?.peer.kind).toBe('public-key')
      socket.send('there and back\n')
      expect(String((await once(socket, 'message'))[0])).toBe('there and back\n')
    })

    test('gnutls-cli shows its key, and sees ours', async () => {
      const server = await endpoints.listen(knowsThem)
      const connected = once(server, 'secureConnection')
      const port = String(server.address().port)
      const client = programs.run(
        'gnutls-cli',
        ...['--udp', '--insecure', '-p', port, ...rawIdentity, '--priority', priority, '127.0.0.1'],
      )
      const [socket] = (await connected) as [DtlsSocket]
      expect(socket.session?.peer.kind).toBe('public-key')
      socket.send('from us to GnuTLS\n')
      await client.says(/from us to GnuTLS/)
    })
  })

  test('gnutls-serv keeps to our record size limit, and we to its own (RFC 8449)', async () => {
    const port = await freePort()
    const server = programs.run(
      'gnutls-serv',
      '--udp',
      '-p',
      String(port),
      ...identity,
      '--echo',
      '--recordsize',
      '600',
    )
    await server.says(/listening on IPv4/)
    const socket = await endpoints.connect(port, {
      verify: { fingerprints: [theirs.certificate.fingerprint()] },
      retransmitTimeout: 200,
      recordSizeLimit: 700,
    })
    expect(socket.association.maxMessageSize).toBe(600)
    socket.send('x'.repeat(600))
    // It reads and echoes in pieces of its own.
    for (let length = 0; length < 600;) length += String((await once(socket, 'message'))[0]).length
  })
})
