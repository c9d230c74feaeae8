import { fromHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { type Certificate, createCertificate, encodeSelfSigned } from '@purertc/dtls'

/** One of two identities whose keys never change. */
export function identity(crypto: CryptoProvider, number: 0 | 1): Certificate {
  const { pkcs8, spki } = KEYS[number]
  const der = encodeSelfSigned({
    crypto,
    privateKey: crypto.importPrivateKey(fromHex(pkcs8)),
    subjectPublicKeyInfo: fromHex(spki),
    commonName: `peer ${number}`,
    notBefore: Date.UTC(2024, 0, 1),
    notAfter: Date.UTC(2124, 0, 1),
  })
  return createCertificate({ crypto, der, pkcs8: fromHex(pkcs8) })
}

const KEYS = [
  {
    pkcs8:
      '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b020101042042fadf0131d18c5d16e34a6b1be2d6e2' +
      '2ba29852c60dbdf2af136e5551e3b8b8a144034200041e2ca4fe889bba274fff23bb7e755026975878a3932f83ad60b8607ee412' +
      '17abc6c7f5490784919842eaa18a4e77f229242f958f2e4cfd117d35cadd7944b13c',
    spki:
      '3059301306072a8648ce3d020106082a8648ce3d030107034200041e2ca4fe889bba274fff23bb7e755026975878a3932f83ad60' +
      'b8607ee41217abc6c7f5490784919842eaa18a4e77f229242f958f2e4cfd117d35cadd7944b13c',
  },
  {
    pkcs8:
      '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b020101042065f906cafc0302dc9c56ae3b401b03ea' +
      '16593d22b1f2032a22585bacce1c9799a14403420004f34a5a04ac542366fb12c3ae08957bee29fd40629f527a4a1c61700154d0' +
      '6a3ac86292a964af261b9847370871081fc696fe9424ccc074ab30bb6e8e1dbdcccf',
    spki:
      '3059301306072a8648ce3d020106082a8648ce3d03010703420004f34a5a04ac542366fb12c3ae08957bee29fd40629f527a4a1c' +
      '61700154d06a3ac86292a964af261b9847370871081fc696fe9424ccc074ab30bb6e8e1dbdcccf',
  },
] as const
