import { DecodeError, Reader, toHex } from '@purertc/bytes'

import { expectElement, readElement, Tag } from './der.ts'
import { decodeNameConstraints, type NameConstraints } from './name-constraints.ts'

/** What a certificate may be used for, and whose it is: the extensions of RFC 5280 §4.2 that we act upon. */
export interface X509Extensions {
  /** basicConstraints §4.2.1.9: whether it may sign others, and through how many. */
  readonly isAuthority: boolean
  readonly pathLength: number
  /** keyUsage §4.2.1.3, the first bit of the string first; null where any use is allowed. */
  readonly keyUsage: number | null
  /** extKeyUsage §4.2.1.12, identifiers as hexadecimal DER; null where any use is allowed. */
  readonly extendedKeyUsage: readonly string[] | null
  /** subjectAltName §4.2.1.6. */
  readonly names: SubjectNames
  /** nameConstraints §4.2.1.10; null where any name may be certified. */
  readonly nameConstraints: NameConstraints | null
  /** Identifiers of critical extensions that we do not know, and which forbid that the certificate be used. */
  readonly unknownCritical: readonly string[]
}

export interface SubjectNames {
  readonly dns: readonly string[]
  /** 4 or 16 bytes each. */
  readonly ip: readonly Uint8Array[]
}

/** Reads the list of extensions, DER or null where there is none. Throws `DecodeError`. */
export function decodeExtensions(der: Uint8Array | null): X509Extensions {
  const found: { -readonly [K in keyof X509Extensions]: X509Extensions[K] } & { unknownCritical: string[] } =
    {
      isAuthority: false,
      pathLength: Infinity,
      keyUsage: null,
      extendedKeyUsage: null,
      names: { dns: [], ip: [] },
      nameConstraints: null,
      unknownCritical: [],
    }
  const seen = new Set<string>()
  const list =
    der === null ? new Reader(new Uint8Array(0)) : expectElement(new Reader(der), Tag.sequence).body
  while (!list.isEmpty) {
    const { id, isCritical, value } = decodeExtension(list)
    // RFC 5280 §4.2: a certificate MUST NOT include more than one instance of an extension.
    if (seen.has(id)) throw new DecodeError('invalid', `extension ${id} stands twice`)
    seen.add(id)
    if (id === Id.basicConstraints) Object.assign(found, decodeBasicConstraints(value))
    else if (id === Id.keyUsage) found.keyUsage = decodeKeyUsage(value)
    else if (id === Id.extendedKeyUsage) found.extendedKeyUsage = decodeExtendedKeyUsage(value)
    else if (id === Id.subjectAltName) found.names = decodeNames(value)
    else if (id === Id.nameConstraints) {
      found.nameConstraints = decodeNameConstraints(value)
      if (found.nameConstraints === null && isCritical) found.unknownCritical.push(id)
    } else if (isCritical) found.unknownCritical.push(id)
  }
  return found
}

/** Bits of {@link X509Extensions.keyUsage}. */
export const KeyUsage = { digitalSignature: 0x80, keyCertSign: 0x04 } as const

/** Identifiers of {@link X509Extensions.extendedKeyUsage}. */
export const ExtendedKeyUsage = {
  any: '551d2500',
  serverAuth: '2b06010505070301',
  clientAuth: '2b06010505070302',
} as const

/** SEQUENCE { OBJECT IDENTIFIER, BOOLEAN DEFAULT FALSE, OCTET STRING }; the value's reader is bound to the last. */
function decodeExtension(list: Reader): { id: string; isCritical: boolean; value: Reader } {
  const { body } = expectElement(list, Tag.sequence)
  const id = toHex(expectElement(body, Tag.objectIdentifier).body.rest())
  let element = readElement(body)
  const isCritical = element.tag === Tag.boolean
  if (isCritical) {
    // DER: TRUE is 0xff, and FALSE, being the default, is left out (X.690 §11.1, §11.5).
    if (element.body.u8() !== 0xff) throw new DecodeError('invalid', 'not a boolean of DER')
    element.body.done()
    element = readElement(body)
  }
  if (element.tag !== Tag.octetString) throw new DecodeError('invalid', 'an extension without value')
  body.done()
  return { id, isCritical, value: element.body }
}

/** SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
function decodeBasicConstraints(value: Reader): Pick<X509Extensions, 'isAuthority' | 'pathLength'> {
  const { body } = expectElement(value, Tag.sequence)
  value.done()
  if (body.isEmpty) return { isAuthority: false, pathLength: Infinity }
  const flag = expectElement(body, Tag.boolean).body
  const isAuthority = flag.u8() !== 0
  flag.done()
  if (body.isEmpty) return { isAuthority, pathLength: Infinity }
  const length = expectElement(body, Tag.integer).body
  const pathLength = length.u8()
  length.done()
  body.done()
  if (pathLength > 0x7f) throw new DecodeError('invalid', 'a negative path length')
  return { isAuthority, pathLength }
}

/** BIT STRING; the first byte holds all bits that we know. */
function decodeKeyUsage(value: Reader): number {
  const { body } = expectElement(value, Tag.bitString)
  value.done()
  body.skip(1)
  return body.isEmpty ? 0 : body.u8()
}

/** SEQUENCE OF OBJECT IDENTIFIER */
function decodeExtendedKeyUsage(value: Reader): string[] {
  const { body } = expectElement(value, Tag.sequence)
  value.done()
  const purposes: string[] = []
  while (!body.isEmpty) purposes.push(toHex(expectElement(body, Tag.objectIdentifier).body.rest()))
  return purposes
}

/** SEQUENCE OF GeneralName, of which dNSName [2] and iPAddress [7] name hosts. */
function decodeNames(value: Reader): SubjectNames {
  const { body } = expectElement(value, Tag.sequence)
  value.done()
  const dns: string[] = []
  const ip: Uint8Array[] = []
  while (!body.isEmpty) {
    const { tag, body: name } = readElement(body)
    const bytes = name.rest()
    if (tag === dnsName) dns.push(String.fromCharCode(...bytes.subarray(0, 255)))
    else if (tag === ipAddress) {
      if (bytes.length !== 4 && bytes.length !== 16) throw new DecodeError('invalid', 'not an IP address')
      ip.push(bytes)
    }
  }
  return { dns, ip }
}

/** Object identifiers below 2.5.29, as hexadecimal DER. */
const Id = {
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
  extendedKeyUsage: '551d25',
} as const

const dnsName = 0x82
const ipAddress = 0x87
