import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { PeerMisbehaved } from '../src/errors.ts'
import type { KeySchedule } from '../src/dtls12/keys/key-schedule.ts'
import { namedGroups } from '../src/protocol/named-group.ts'
import { type FinishedVerified, verifyFinished } from '../src/proofs/finished-verified.ts'
import {
  admitAnonymous,
  authenticateByCertificate,
  authenticateByPsk,
} from '../src/proofs/peer-authenticated.ts'
import {
  type PeerVerification,
  type PeerVerified,
  type Verifier,
  verifyPeer,
} from '../src/proofs/peer-verified.ts'
import type { PskMixed } from '../src/proofs/psk-mixed.ts'
import { ProtocolVersion } from '../src/protocol/protocol-version.ts'
import { signatureSchemes } from '../src/protocol/signature-scheme.ts'
import { type SignatureVerified, verifySignature } from '../src/proofs/signature-verified.ts'
import { DtlsSession, type Negotiated } from '../src/session.ts'
import { clientCertificate, serverCertificate } from './pair.ts'
import { ed448Certificate, p384Certificate, rsaCertificate } from './vectors/certificates.ts'

const fault = (code: string): unknown => expect.objectContaining({ name: 'PeerMisbehaved', code })
const verify = { fingerprints: [serverCertificate.fingerprint()] }
const by = (verification: PeerVerification): Verifier => ({
  role: 'client',
  crypto: nodeCrypto,
  verify: verification,
})
const data = Uint8Array.of(1, 2, 3)

describe('PeerVerified', () => {
  test('comes of a certificate that matches', () => {
    expect(verifyPeer(by(verify), [serverCertificate.der]).identity).toMatchObject({
      certificate: serverCertificate.der,
    })
  })

  test('takes the first of a chain, and shows the others to the host', () => {
    const chains: (readonly Uint8Array[])[] = []
    const judge = { certificate: (_der: Uint8Array, chain: readonly Uint8Array[]) => chains.push(chain) > 0 }
    verifyPeer(by(judge), [serverCertificate.der, rsaCertificate])
    expect(chains).toEqual([[rsaCertificate]])
  })

  test.each([
    ['another certificate', clientCertificate.der, 'certificate-refused'],
    ['no certificate', Uint8Array.of(1, 2, 3), 'bad-certificate'],
    ['an empty one', new Uint8Array(0), 'bad-certificate'],
    ['another with an RSA key', rsaCertificate, 'certificate-refused'],
    ['another with a P-384 key', p384Certificate, 'certificate-refused'],
    ['an Ed448 key', ed448Certificate, 'unsupported-certificate'],
  ])('does not come of %s', (_name, der, code) => {
    expect(() => verifyPeer(by(verify), [der])).toThrow(fault(code))
  })

  test.each([
    ['says no', () => false],
    [
      'throws',
      () => {
        throw new Error('no database')
      },
    ],
    ['promises', () => Promise.resolve(true) as unknown as boolean],
    ['says something else', () => 1 as unknown as boolean],
  ])('does not come of a judge who %s', (_name, certificate) => {
    expect(() => verifyPeer(by({ certificate }), [serverCertificate.der])).toThrow(
      fault('certificate-refused'),
    )
  })

  test('does not come of a judge who says by our own error why not', () => {
    const certificate = (): boolean => {
      throw new PeerMisbehaved('unsupported-certificate', 'too old')
    }
    expect(() => verifyPeer(by({ certificate }), [serverCertificate.der])).toThrow(
      fault('unsupported-certificate'),
    )
  })
})

describe('SignatureVerified', () => {
  const peer = verifyPeer(by(verify), [serverCertificate.der])
  const signature = serverCertificate.privateKey.sign('ecdsa_secp256r1_sha256', data)
  const scheme = 0x0403
  const { dtls12, dtls13 } = ProtocolVersion
  const offered = signatureSchemes

  test.each([dtls12, dtls13])('comes of a signature by the certificate’s key, in version %i', (version) => {
    expect(verifySignature(version, peer, offered, data, { scheme, signature })).toBeDefined()
  })

  test.each([
    ['of other data', { scheme, signature }, Uint8Array.of(1, 2, 4), 'bad-signature'],
    [
      'by another key',
      { scheme, signature: clientCertificate.privateKey.sign('ecdsa_secp256r1_sha256', data) },
      data,
      'bad-signature',
    ],
    ['that is empty', { scheme, signature: new Uint8Array(0) }, data, 'bad-signature'],
    ['that is no DER', { scheme, signature: new Uint8Array(64).fill(1) }, data, 'bad-signature'],
    ['of an unknown scheme', { scheme: 0x0203, signature }, data, 'illegal-parameter'],
    ['by a scheme of another key', { scheme: 0x0804, signature }, data, 'illegal-parameter'],
    ['that says it is of Ed25519', { scheme: 0x0807, signature }, data, 'illegal-parameter'],
  ])('does not come of a signature %s', (_name, signed, over, code) => {
    for (const version of [dtls12, dtls13])
      expect(() => verifySignature(version, peer, offered, over, signed)).toThrow(fault(code))
  })

  test('does not come of a scheme that was not offered', () => {
    const others = signatureSchemes.filter(({ id }) => id !== scheme)
    expect(() => verifySignature(dtls12, peer, others, data, { scheme, signature })).toThrow(
      fault('illegal-parameter'),
    )
  })

  test('with another hash than the curve’s comes of 1.2 only', () => {
    const signed = { scheme: 0x0503, signature: serverCertificate.privateKey.sign('ecdsa_sha384', data) }
    expect(verifySignature(dtls12, peer, offered, data, signed)).toBeDefined()
    expect(() => verifySignature(dtls13, peer, offered, data, signed)).toThrow(fault('illegal-parameter'))
  })

  test('by PKCS#1 comes of 1.2 only', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const key = nodeCrypto.importPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))
    const publicKey = nodeCrypto.importPublicKey(pair.publicKey.export({ type: 'spki', format: 'der' }))
    const rsaPeer = { ...peer, publicKey } as PeerVerified
    const signed = { scheme: 0x0401, signature: key.sign('rsa_pkcs1_sha256', data) }
    expect(verifySignature(dtls12, rsaPeer, offered, data, signed)).toBeDefined()
    expect(() => verifySignature(dtls13, rsaPeer, offered, data, signed)).toThrow(fault('illegal-parameter'))
  })
})

describe('PeerAuthenticated', () => {
  const required = { role: 'server', clientCertificate: 'required' } as const

  test('does not come of nothing where a certificate is required, and never at a client', () => {
    expect(() => admitAnonymous(required)).toThrow(fault('no-certificate'))
    expect(() => admitAnonymous({ role: 'client', clientCertificate: 'none' })).toThrow(
      fault('no-certificate'),
    )
    expect(admitAnonymous({ ...required, clientCertificate: 'optional' }).identity).toEqual({
      kind: 'anonymous',
    })
  })
})

describe('FinishedVerified', () => {
  const expected = new Uint8Array(12).fill(5)

  test('comes of the same bytes', () => {
    expect(verifyFinished(expected, expected.slice())).toBeDefined()
  })

  test('does not come of any other', () => {
    for (let bit = 0; bit < 96; bit++) {
      const other = expected.slice()
      other[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => verifyFinished(expected, other)).toThrow(fault('bad-finished'))
    }
    for (const length of [0, 11, 13])
      expect(() => verifyFinished(expected, new Uint8Array(length).fill(5))).toThrow(fault('bad-finished'))
  })
})

test('a session cannot be had without its proofs', () => {
  const make = (
    negotiated: Negotiated,
    keys: KeySchedule,
    certified: PeerVerified,
    signature: SignatureVerified,
    psk: PskMixed,
    finished: FinishedVerified,
  ): unknown[] => {
    const group = namedGroups[0] ?? null
    const peer = authenticateByCertificate(certified, signature)
    const unproven = { identity: certified.identity, publicKey: certified.publicKey }
    return [
      new DtlsSession(negotiated, group, keys, peer, finished),
      new DtlsSession(negotiated, group, keys, authenticateByPsk(psk), finished),
      // @ts-expect-error an object is no proof
      new DtlsSession(negotiated, group, keys, peer, {}),
      // @ts-expect-error an object is no proof
      new DtlsSession(negotiated, group, keys, { identity: peer.identity }, finished),
      // @ts-expect-error a certificate is no proof that the peer has its key
      new DtlsSession(negotiated, group, keys, certified, finished),
      // @ts-expect-error one proof does not stand in for another
      new DtlsSession(negotiated, group, keys, finished, finished),
      // @ts-expect-error nor a certificate for the proof that it is the right one
      authenticateByCertificate(unproven, signature),
      // @ts-expect-error nor a signature that nobody has verified
      authenticateByCertificate(certified, {}),
      // @ts-expect-error nor a name for the proof that its key is in the secret
      authenticateByPsk({ identity: psk.identity, preMasterSecret: psk.preMasterSecret }),
    ]
  }
  expect(make).toBeInstanceOf(Function)
})

test('each proof is made in one place', () => {
  const root = join(import.meta.dirname, '../src')
  const makers = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) =>
      [
        ...readFileSync(join(root, path), 'utf8').matchAll(
          /\bas (?:unknown as )?(\w+Verified|Psk(?:Mixed|Premaster|Scheduled)|PeerAuthenticated|\w+Remembered)\b/g,
        ),
      ].map(([, proof]) => `${String(proof)}: ${path}`),
    )
  expect([...new Set(makers)].sort()).toEqual([
    'BinderVerified: proofs/binder-verified.ts',
    'FinishedVerified: proofs/finished-verified.ts',
    'PeerAuthenticated: proofs/peer-authenticated.ts',
    'PeerVerified: proofs/peer-verified.ts',
    'PskPremaster: proofs/psk-mixed.ts',
    'PskScheduled: proofs/psk-mixed.ts',
    'SessionRemembered: proofs/session-remembered.ts',
    'SignatureVerified: proofs/signature-verified.ts',
    'TicketRemembered: proofs/session-remembered.ts',
  ])
  expect(new PeerMisbehaved('bad-finished', '').alert).toBe(51)
})
