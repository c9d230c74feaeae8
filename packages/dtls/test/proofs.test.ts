import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import { PeerMisbehaved } from '../src/errors.ts'
import type { KeySchedule } from '../src/dtls12/keys/key-schedule.ts'
import { namedGroups } from '../src/protocol/named-group.ts'
import { type FinishedVerified, verifyFinished } from '../src/proofs/finished-verified.ts'
import { type PeerVerified, verifyPeer } from '../src/proofs/peer-verified.ts'
import { type SignatureVerified, verifySignature } from '../src/proofs/signature-verified.ts'
import { DtlsSession, type Negotiated } from '../src/session.ts'
import { clientCertificate, serverCertificate } from './pair.ts'
import { ed448Certificate, p384Certificate, rsaCertificate } from './vectors/certificates.ts'

const fault = (code: string): unknown => expect.objectContaining({ name: 'PeerMisbehaved', code })
const verify = { fingerprints: [serverCertificate.fingerprint()] }
const data = Uint8Array.of(1, 2, 3)

describe('PeerVerified', () => {
  test('comes of a certificate that matches', () => {
    expect(verifyPeer(nodeCrypto, verify, [serverCertificate.der]).certificate).toEqual(serverCertificate.der)
  })

  test('takes the first of a chain, and shows the others to the host', () => {
    const chains: (readonly Uint8Array[])[] = []
    const judge = { certificate: (_der: Uint8Array, chain: readonly Uint8Array[]) => chains.push(chain) > 0 }
    verifyPeer(nodeCrypto, judge, [serverCertificate.der, rsaCertificate])
    expect(chains).toEqual([[rsaCertificate]])
  })

  test.each([
    ['another certificate', clientCertificate.der, 'certificate-refused'],
    ['no certificate', Uint8Array.of(1, 2, 3), 'bad-certificate'],
    ['an empty one', new Uint8Array(0), 'bad-certificate'],
    ['an RSA key', rsaCertificate, 'unsupported-certificate'],
    ['a P-384 key', p384Certificate, 'unsupported-certificate'],
    ['an Ed448 key', ed448Certificate, 'unsupported-certificate'],
  ])('does not come of %s', (_name, der, code) => {
    expect(() => verifyPeer(nodeCrypto, verify, [der])).toThrow(fault(code))
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
    expect(() => verifyPeer(nodeCrypto, { certificate }, [serverCertificate.der])).toThrow(
      fault('certificate-refused'),
    )
  })
})

describe('SignatureVerified', () => {
  const peer = verifyPeer(nodeCrypto, verify, [serverCertificate.der])
  const signature = serverCertificate.privateKey.sign('ecdsa_secp256r1_sha256', data)
  const scheme = 0x0403

  test('comes of a signature by the certificate’s key', () => {
    expect(verifySignature(peer, [scheme], data, { scheme, signature })).toBeDefined()
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
  ])('does not come of a signature %s', (_name, signed, over, code) => {
    expect(() => verifySignature(peer, [scheme], over, signed)).toThrow(fault(code))
  })

  test('does not come of a scheme that was not offered', () => {
    expect(() => verifySignature(peer, [0x0804], data, { scheme, signature })).toThrow(
      fault('illegal-parameter'),
    )
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

test('a session cannot be had without all three proofs', () => {
  const make = (
    negotiated: Negotiated,
    keys: KeySchedule,
    peer: PeerVerified,
    signature: SignatureVerified,
    finished: FinishedVerified,
  ): unknown[] => {
    const group = namedGroups[0]
    if (group === undefined) throw new Error('no group')
    const unproven = { certificate: peer.certificate, publicKey: peer.publicKey }
    return [
      new DtlsSession(negotiated, group, keys, peer, signature, finished),
      // @ts-expect-error an object is no proof
      new DtlsSession(negotiated, group, keys, peer, signature, {}),
      // @ts-expect-error an object is no proof
      new DtlsSession(negotiated, group, keys, peer, {}, finished),
      // @ts-expect-error one proof does not stand in for another
      new DtlsSession(negotiated, group, keys, peer, finished, finished),
      // @ts-expect-error nor a certificate for the proof that it is the right one
      new DtlsSession(negotiated, group, keys, unproven, signature, finished),
    ]
  }
  expect(make).toBeInstanceOf(Function)
})

test('each proof is made in one place', () => {
  const root = join(import.meta.dirname, '../src')
  const makers = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/\bas (\w+Verified)\b/g)].map(
        ([, proof]) => `${String(proof)}: ${path}`,
      ),
    )
  expect(makers.sort()).toEqual([
    'FinishedVerified: proofs/finished-verified.ts',
    'PeerVerified: proofs/peer-verified.ts',
    'SignatureVerified: proofs/signature-verified.ts',
  ])
  expect(new PeerMisbehaved('bad-finished', '').alert).toBe(51)
})
