import { once } from 'node:events'
import { expect, test } from '@jest/globals'

import type { ResumableSession } from '../src/index.ts'
import type { ConnectOptions } from '../src/node/index.ts'
import { describeWith } from './foreign.ts'
import {
  cipher,
  dial,
  endpoints,
  files,
  identity,
  key,
  kinds,
  papers,
  pskSuites,
  startServer,
  suites,
  talk,
  trusting,
} from './openssl.ts'

describeWith('openssl', 'OpenSSL as a server', () => {
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
    const sharing = ['-nocert', '-psk', key.toString('hex'), '-psk_identity', identity, '-psk_hint', 'a hint']
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
    const first = endpoints.dial(port, trusting)
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
