import { cbc, ctr } from '@noble/ciphers/aes.js'
import { concatBytes } from '@purertc/bytes'

import { equalConstantTime } from '../constant-time.ts'

/**
 * CCM, RFC 3610, with nonces of 12 bytes and a tag of 8 (RFC 6655 §3): the MAC is the last block of CBC over the
 * framed text, and counter mode encrypts it with the first block of the keystream, the text with the rest.
 */
export function ccm8(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): Ccm {
  return {
    encrypt: (plaintext) => {
      const mac = authenticate(key, nonce, aad, plaintext)
      const [maskedMac, ciphertext] = applyKeystream(key, nonce, mac, plaintext)
      return concatBytes(ciphertext, maskedMac.subarray(0, tagLength))
    },
    decrypt: (sealed) => {
      const ciphertext = sealed.subarray(0, -tagLength)
      const [mask, plaintext] = applyKeystream(key, nonce, new Uint8Array(blockLength), ciphertext)
      const mac = authenticate(key, nonce, aad, plaintext)
      const tag = mac.subarray(0, tagLength).map((byte, i) => byte ^ mask[i]!)
      if (!equalConstantTime(tag, sealed.subarray(-tagLength))) throw new Error('the tag is wrong')
      return plaintext
    },
  }
}

/** What the library's own AEADs look like. */
interface Ccm {
  encrypt(plaintext: Uint8Array): Uint8Array
  /** Throws where the tag is wrong. */
  decrypt(sealed: Uint8Array): Uint8Array
}

/** T of RFC 3610 §2.2: B_0, then the additional data behind its length, then the text, each padded to whole blocks. */
function authenticate(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const aadEnd = aad.length === 0 ? blockLength : wholeBlocks(blockLength + 2 + aad.length)
  const framed = new Uint8Array(wholeBlocks(aadEnd + text.length))
  framed[0] = (aad.length === 0 ? 0 : 0x40) | (((tagLength - 2) / 2) << 3) | (lengthSize - 1)
  framed.set(nonce, 1)
  framed[13] = text.length >>> 16
  framed[14] = text.length >>> 8
  framed[15] = text.length
  if (aad.length > 0) {
    framed[16] = aad.length >>> 8
    framed[17] = aad.length
    framed.set(aad, 18)
  }
  framed.set(text, aadEnd)
  return cbc(key, new Uint8Array(blockLength), { disablePadding: true }).encrypt(framed).slice(-blockLength)
}

/** Counter mode from A_0 on, which belongs to the MAC: RFC 3610 §2.3. */
function applyKeystream(
  key: Uint8Array,
  nonce: Uint8Array,
  mac: Uint8Array,
  text: Uint8Array,
): readonly [mac: Uint8Array, text: Uint8Array] {
  const counter = new Uint8Array(blockLength)
  counter[0] = lengthSize - 1
  counter.set(nonce, 1)
  const out = ctr(key, counter).encrypt(concatBytes(mac, text))
  return [out.subarray(0, blockLength), out.subarray(blockLength)]
}

const wholeBlocks = (length: number): number => Math.ceil(length / blockLength) * blockLength

const blockLength = 16
const tagLength = 8
/** L: what 16 bytes have left beside the flags and a nonce of 12. */
const lengthSize = 3
