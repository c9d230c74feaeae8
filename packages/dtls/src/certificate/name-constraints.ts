import { DecodeError, type Reader } from '@purertc/bytes'

import { expectElement, readElement, Tag } from './der.ts'
import type { SubjectNames } from './x509-extensions.ts'

/**
 * Which names an authority may certify, RFC 5280 §4.2.1.10: within the permitted subtrees of their form, if there are
 * any, and within none of the excluded ones.
 */
export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
}

/** The forms of names that hosts have. */
export interface Subtrees {
  readonly dns: readonly string[]
  /** Address and mask, 8 or 32 bytes. */
  readonly ip: readonly Uint8Array[]
}

/** Null where there are names of other forms, which we cannot judge. Throws `DecodeError`. */
export function decodeNameConstraints(value: Reader): NameConstraints | null {
  const { body } = expectElement(value, Tag.sequence)
  value.done()
  // One that says nothing must not be issued.
  if (body.isEmpty) return null
  let permitted: Subtrees | null = noSubtrees
  let excluded: Subtrees | null = noSubtrees
  while (!body.isEmpty) {
    const { tag, body: list } = readElement(body)
    if (tag === permittedTag) permitted = decodeSubtrees(list)
    else if (tag === excludedTag) excluded = decodeSubtrees(list)
    else throw new DecodeError('invalid', 'neither permitted nor excluded names')
  }
  return permitted === null || excluded === null ? null : { permitted, excluded }
}

/** Whether an authority with these constraints may certify all of the names. */
export function mayCertify({ permitted, excluded }: NameConstraints, names: SubjectNames): boolean {
  const isDnsFine = names.dns.every(
    (name) =>
      (permitted.dns.length === 0 || permitted.dns.some((base) => isWithin(name, base))) &&
      !excluded.dns.some((base) => isWithin(name, base)),
  )
  const isIpFine = names.ip.every(
    (address) =>
      (permitted.ip.length === 0 || permitted.ip.some((range) => isInRange(address, range))) &&
      !excluded.ip.some((range) => isInRange(address, range)),
  )
  return isDnsFine && isIpFine
}

/** SEQUENCE OF SEQUENCE { base GeneralName }: minimum and maximum are not used (§4.2.1.10). */
function decodeSubtrees(list: Reader): Subtrees | null {
  const dns: string[] = []
  const ip: Uint8Array[] = []
  let isKnown = true
  while (!list.isEmpty) {
    const { body } = expectElement(list, Tag.sequence)
    const { tag, body: base } = readElement(body)
    body.done()
    const bytes = base.rest()
    if (tag === dnsName) dns.push(String.fromCharCode(...bytes).toLowerCase())
    else if (tag === ipAddress) {
      if (bytes.length !== 8 && bytes.length !== 32)
        throw new DecodeError('invalid', 'not a range of addresses')
      ip.push(bytes)
    } else isKnown = false
  }
  return isKnown ? { dns, ip } : null
}

/** The name itself or one with more labels on the left; an empty base is every name. */
function isWithin(name: string, base: string): boolean {
  const host = name.toLowerCase().replace(/^\*\./, '')
  const domain = base.replace(/^\./, '')
  return domain === '' || host === domain || host.endsWith(`.${domain}`)
}

function isInRange(address: Uint8Array, range: Uint8Array): boolean {
  const { length } = address
  return (
    range.length === 2 * length &&
    address.every((byte, i) => (byte & range[length + i]!) === (range[i]! & range[length + i]!))
  )
}

const noSubtrees: Subtrees = { dns: [], ip: [] }
const permittedTag = 0xa0
const excludedTag = 0xa1
const dnsName = 0x82
const ipAddress = 0x87
