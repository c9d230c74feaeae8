import { fromHex, toHex } from '@purertc/bytes'

import { type Attribute, tokenPattern } from './attribute.ts'

/** The hash of a certificate, RFC 8122 §5. */
export interface FingerprintValue {
  /** The hash function, in lower case: `sha-256`. Whether it may be trusted is for the verifier to say. */
  readonly algorithm: string
  readonly value: Uint8Array
}

/** `a=fingerprint:sha-256 ED:D5:27…` */
export const Fingerprint: Attribute<FingerprintValue> = {
  name: 'fingerprint',
  parse(value) {
    const [algorithm, digits, ...rest] = value.split(' ')
    if (algorithm === undefined || digits === undefined || rest.length > 0) return null
    // The grammar asks for upper case; readers of the older RFC 4572 wrote lower case too.
    if (!tokenPattern.test(algorithm) || !/^[0-9a-f]{2}(:[0-9a-f]{2}){0,127}$/i.test(digits)) return null
    return { algorithm: algorithm.toLowerCase(), value: fromHex(digits.replaceAll(':', '')) }
  },
  format: ({ algorithm, value }) => `${algorithm} ${toHex(value, ':').toUpperCase()}`,
}
