/** ML-KEM-768, FIPS 203: whoever has the public key makes a secret and a ciphertext that holds it. */
export interface Kem {
  generate(): KemKeyPair
  /** Throws `CryptoError` `invalid-public-key` for what fails the checks of FIPS 203 §7.2. */
  encapsulate(publicKey: Uint8Array): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array }
}

export interface KemKeyPair {
  readonly publicKey: Uint8Array
  /**
   * The secret in a ciphertext of the right length. One that was tampered with yields another secret, and no error
   * (FIPS 203 §6.3): that both ends differ shows in what they do with it.
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array
}
