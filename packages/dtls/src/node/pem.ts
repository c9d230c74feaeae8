import { createPrivateKey, X509Certificate } from 'node:crypto'

import { DtlsError } from '../errors.ts'

/** Text or bytes of a PEM file, which may hold several objects, or the DER of one; or several of these. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[]

/** The certificates in order, DER. Throws `DtlsError` `invalid-certificate` where there is none. */
export function readCertificates(pem: Pem): Uint8Array[] {
  const certificates = toList(pem).flatMap((one) => {
    const blocks = blocksOf(one, 'CERTIFICATE')
    return blocks.length > 0 ? blocks : [one]
  })
  if (certificates.length === 0) throw new DtlsError('invalid-certificate', 'no certificate')
  return certificates.map((one) => parse(() => new Uint8Array(new X509Certificate(one).raw), 'certificate'))
}

/** Private keys in PKCS #8, DER; `passphrase` is for those that are encrypted. */
export function readPrivateKeys(pem: Pem, passphrase?: string): Uint8Array[] {
  return toList(pem).map((one) =>
    parse(() => {
      const isPem = typeof one === 'string' || one[0] === dash
      const key = createPrivateKey(
        isPem
          ? { key: Buffer.from(one), ...(passphrase !== undefined && { passphrase }) }
          : { key: Buffer.from(one), format: 'der', type: 'pkcs8' },
      )
      return new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }))
    }, 'key'),
  )
}

const toList = (pem: Pem): readonly (string | Buffer)[] =>
  (typeof pem === 'string' || pem instanceof Uint8Array ? [pem] : pem).map((one) =>
    typeof one === 'string' ? one : Buffer.from(one),
  )

/** The blocks of this label in a PEM file, RFC 7468 §2; text between them is passed over. */
function blocksOf(file: string | Buffer, label: string): string[] {
  const text = typeof file === 'string' ? file : file[0] === derSequence ? '' : file.toString('latin1')
  return text.match(new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, 'g')) ?? []
}

function parse<T>(read: () => T, what: string): T {
  try {
    return read()
  } catch (cause) {
    throw new DtlsError('invalid-certificate', `the ${what} cannot be read`, { cause })
  }
}

const dash = 0x2d
const derSequence = 0x30
