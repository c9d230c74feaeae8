/** What a server wants of a certificate of ours: schemes that it can verify, and authorities, none where any will do. */
export interface CertificateWish {
  readonly signatureSchemes: readonly number[]
  readonly authorities: readonly Uint8Array[]
}
