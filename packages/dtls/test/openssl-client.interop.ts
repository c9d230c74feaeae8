import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'

import { ProtocolVersion, SessionVault } from '../src/index.ts'
import type { DtlsSocket } from '../src/node/index.ts'
import { nodeCrypto } from '@purertc/crypto/node'
import { describeWith } from './foreign.ts'

import {
  call,
  cipher,
  files,
  identity,
  key,
  kinds,
  listen,
  papers,
  psk,
  pskSuites,
  suites,
  talk,
  verifying,
} from './openssl.ts'

describeWith('openssl', 'OpenSSL as a client', () => {
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
