import type { KeyKind, SignatureScheme } from '@purertc/crypto'

/** A scheme with its number in the registry "TLS SignatureScheme"; in DTLS 1.2 the two bytes are hash and signature. */
export interface NamedSignatureScheme {
  readonly id: number
  readonly name: SignatureScheme
  readonly keyKind: KeyKind
}

/** What we offer and accept, best first. */
export const signatureSchemes: readonly NamedSignatureScheme[] = [
  { id: 0x0403, name: 'ecdsa_secp256r1_sha256', keyKind: 'ec-p256' },
]

export const signatureSchemeById = (id: number): NamedSignatureScheme | undefined =>
  signatureSchemes.find((scheme) => scheme.id === id)

/** The first of ours that fits the key and that the peer lists. */
export const chooseSignatureScheme = (
  keyKind: KeyKind,
  offered: readonly number[],
): NamedSignatureScheme | undefined =>
  signatureSchemes.find((scheme) => scheme.keyKind === keyKind && offered.includes(scheme.id))
