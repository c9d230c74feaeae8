import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { CertificateAuthorities } from '../../src/extensions/certificate-authorities.ts'
import {
  type Certificate,
  type CertificateParts,
  createCertificate,
  type DtlsConfig,
  ProtocolVersion,
  TrustStore,
} from '../../src/index.ts'
import { issue, type Issued } from '../authority.ts'
import { Trial as Trial13 } from '../dtls13/liar.ts'
import { clientHello, withExtension } from '../negative/lies.ts'
import { Trial as Trial12 } from '../negative/liar.ts'
import { Pair } from '../pair.ts'

const root = await issue('root', { authority: true })
const otherRoot = await issue('other root', { authority: true })
const known = await issue('known', {}, root)
const other = await issue('other', {}, otherRoot)
const rsa = [await issue('one', { kind: 'rsa' }), await issue('two', { kind: 'rsa' })] as const

const as = ({ der, pkcs8 }: Issued, options: Partial<CertificateParts>): Certificate =>
  createCertificate({ crypto: nodeCrypto, der, pkcs8, ...options })
const anybody = { verify: { certificate: () => true } } as const
const { dtls12, dtls13 } = ProtocolVersion

describe.each([
  ['1.2', { min: dtls12, max: dtls12 }, Trial12],
  ['1.3', { min: dtls13, max: dtls13 }, Trial13],
] as const)('of several certificates, in DTLS %s,', (_name, versions, Trial) => {
  const connect = (client: Partial<DtlsConfig>, server: Partial<DtlsConfig>): Pair =>
    new Pair({ client: { versions, ...client }, server: { versions, ...server } }).handshake()

  test('the first serves whose key signs as the peer likes', () => {
    const certificate = [
      as(rsa[0], { signatureSchemes: ['rsa_pss_rsae_sha384'] }),
      as(rsa[1], { signatureSchemes: ['rsa_pss_rsae_sha256'] }),
    ]
    const shown = (scheme: 'rsa_pss_rsae_sha256' | 'rsa_pss_rsae_sha384'): Uint8Array | null | undefined =>
      connect(
        { ...anybody, signatureSchemes: ['ecdsa_secp256r1_sha256', scheme] },
        { certificate, ...anybody },
      ).client.session?.peerCertificate
    expect(shown('rsa_pss_rsae_sha256')).toEqual(rsa[1].der)
    expect(shown('rsa_pss_rsae_sha384')).toEqual(rsa[0].der)
  })

  test('one may be for those alone who trust its issuer', () => {
    const authorities = new TrustStore(nodeCrypto, [root.der])
    const trusting = { verify: { authorities, host: null, time: () => Date.now() } }
    const shy = as(other, { issuerRequired: true })
    const both = connect({ certificate: [shy, known.identity()], ...anybody }, trusting)
    expect(both.server.session?.peerCertificate).toEqual(known.der)
    // A server that names nobody is not shown it either.
    const optional = { ...anybody, clientCertificate: 'optional' } as const
    const alone = connect({ certificate: shy, ...anybody }, optional)
    expect(alone.server.session?.peer.kind).toBe('anonymous')
  })

  test('one of a server may be for those alone who name its issuer in the ClientHello', () => {
    const shy = [as(other, { issuerRequired: true }), as(known, { issuerRequired: true })]
    const { issuers } = known.identity()
    const naming = clientHello(({ extensions }) => withExtension(extensions, CertificateAuthorities, issuers))
    const honest = { certificate: shy, ...anybody }
    expect(new Trial('server', naming, { honest }).honest.reason).toBeNull()
    expect(new Trial('server', undefined, { honest }).verdict).toMatch(
      /^no-common-parameters: handshake_failure/,
    )
  })

  test('one may be shown as a bare key to those who know it, another as a certificate to all', () => {
    const certificate = [as(known, { types: ['raw-public-key'] }), other.identity()]
    const server = { certificate, ...anybody }
    const publicKeys = [known.identity().subjectPublicKeyInfo]
    expect(connect({ verify: { publicKeys } }, server).client.session?.peer.kind).toBe('public-key')
    expect(connect(anybody, server).client.session?.peerCertificate).toEqual(other.der)
  })

  test('a client that none of its own serve is up to the server, unless it will not be a stranger', () => {
    const picky = {
      ...anybody,
      clientCertificate: 'optional',
      signatureSchemes: ['ecdsa_secp256r1_sha256'],
    } as const
    const client = { certificate: rsa[0].identity(), ...anybody }
    expect(connect(client, picky).server.session?.peer.kind).toBe('anonymous')
    const proud = connect({ ...client, clientCertificate: 'required' }, picky)
    expect(proud.client.reason).toMatchObject({ error: { code: 'no-common-parameters' } })
    expect(proud.server.reason).toMatchObject({ kind: 'alert', name: 'handshake_failure' })
  })
})
