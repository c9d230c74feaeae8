import { type CryptoProvider, equalConstantTime, type Hmac } from '@purertc/crypto'

import { AttributeType } from './attribute-type.ts'
import { fingerprint, FINGERPRINT_LENGTH } from './fingerprint.ts'
import { HEADER_LENGTH, isStunDatagram, messageLength } from './header.ts'
import { integrityLengths } from './integrity.ts'

declare const proof: unique symbol

/**
 * The bytes of one whole message whose MESSAGE-INTEGRITY and FINGERPRINT, its last two attributes, were checked.
 * {@link MessageSeal.verify} is the only origin of the type.
 */
export type SealedMessage = Uint8Array & { readonly [proof]: 'seal' }

/** Bytes of the two attributes. */
export const SEAL_LENGTH: number = 4 + integrityLengths.sha1 + FINGERPRINT_LENGTH

/**
 * MESSAGE-INTEGRITY and FINGERPRINT at the end of a message, as all of a connectivity check's have them, under one key that
 * is set up once. For bytes that come again and again, where `StunMessage.decode`, `authenticate` and `MessageBuilder`
 * would cost more than what is in them. Nothing is allocated.
 *
 * @example
 * const seal = new MessageSeal(crypto, shortTermKey(localPassword))
 * const request = seal.verify(datagram)
 * if (request === null) return judge(StunMessage.decode(datagram))
 */
export class MessageSeal {
  readonly #hmac: Hmac

  constructor(crypto: CryptoProvider, key: Uint8Array) {
    this.#hmac = crypto.createHmac('sha1', key)
  }

  /**
   * `bytes`, if they are one well-formed message that ends with a seal of this key. `null` says only that they are to be
   * judged the long way: integrity may be of another kind, or be followed by something.
   */
  verify(bytes: Uint8Array): SealedMessage | null {
    const at = sealOf(bytes)
    if (at < 0 || !isFingerprintRight(bytes)) return null
    this.#compute(bytes, at)
    for (let i = 0; i < received.length; i++) received[i] = bytes[at + 4 + i]!
    return equalConstantTime(expected, received) ? (bytes as SealedMessage) : null
  }

  /** Writes the seal, with its attributes' headers and the message's length, to the last {@link SEAL_LENGTH} bytes. */
  apply(bytes: Uint8Array): void {
    const at = bytes.length - SEAL_LENGTH
    this.#compute(bytes, at)
    writeHeader(bytes, at, AttributeType.messageIntegrity, expected.length)
    bytes.set(expected, at + 4)
    bytes[2] = (bytes.length - HEADER_LENGTH) >>> 8
    bytes[3] = bytes.length - HEADER_LENGTH
    const end = bytes.length - FINGERPRINT_LENGTH
    writeHeader(bytes, end, AttributeType.fingerprint, 4)
    const value = fingerprint(bytes, end)
    writeHeader(bytes, end + 4, value >>> 16, value & 0xffff)
  }

  /** RFC 8489 §14.5: the length field counts up to the integrity attribute, whatever follows. */
  #compute(bytes: Uint8Array, at: number): void {
    const covered = bytes.length <= scratch.length ? scratch : new Uint8Array(bytes.length)
    covered.set(bytes)
    const length = at + 4 + integrityLengths.sha1 - HEADER_LENGTH
    covered[2] = length >>> 8
    covered[3] = length
    this.#hmac.compute(covered, at, expected)
  }
}

/** Where the seal begins that the message ends with; -1 where there is anything else. */
function sealOf(bytes: Uint8Array): number {
  const end = bytes.length - SEAL_LENGTH
  if (end < HEADER_LENGTH || !isStunDatagram(bytes)) return -1
  if (HEADER_LENGTH + messageLength(bytes) !== bytes.length) return -1
  let at = HEADER_LENGTH
  while (at < end) {
    const type = u16(bytes, at)
    // Another integrity or fingerprint in front of the seal would change what counts.
    if (type === AttributeType.messageIntegrity || type === AttributeType.messageIntegritySha256) return -1
    if (type === AttributeType.fingerprint) return -1
    at += 4 + ((u16(bytes, at + 2) + 3) & ~3)
  }
  const isSeal =
    at === end &&
    isHeader(bytes, at, AttributeType.messageIntegrity, integrityLengths.sha1) &&
    isHeader(bytes, bytes.length - FINGERPRINT_LENGTH, AttributeType.fingerprint, 4)
  return isSeal ? at : -1
}

function isFingerprintRight(bytes: Uint8Array): boolean {
  const end = bytes.length - FINGERPRINT_LENGTH
  const value = fingerprint(bytes, end)
  return u16(bytes, end + 4) === value >>> 16 && u16(bytes, end + 6) === (value & 0xffff)
}

function isHeader(bytes: Uint8Array, at: number, type: number, length: number): boolean {
  return u16(bytes, at) === type && u16(bytes, at + 2) === length
}

/** Two fields of 16 bits. */
function writeHeader(bytes: Uint8Array, at: number, type: number, length: number): void {
  bytes[at] = type >>> 8
  bytes[at + 1] = type
  bytes[at + 2] = length >>> 8
  bytes[at + 3] = length
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** Scratch memory: what is in it means nothing between calls. */
const scratch = new Uint8Array(512)
const expected = new Uint8Array(integrityLengths.sha1)
const received = new Uint8Array(integrityLengths.sha1)
