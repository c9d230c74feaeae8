import { cbc, ctr } from '@noble/ciphers/aes.js'
import { concatBytes } from '@purertc/bytes'

import { equalConstantTime } from '../constant-time.ts'

/**
 * CCM, RFC 3610, with nonces of 12 bytes and a tag of 8 (RFC 6655 §3): the MAC is the last block of CBC over the
 * framed text, and counter mode encrypts it with the first block of the keystream, the text with the rest. Both calls
 * throw for a text of 16 MiB or more, whose length does not fit beside the nonce.
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
  if (text.length > 0xff_ffff) throw new RangeError('CCM with this nonce takes less than 16 MiB')
  const aadStart = blockLength + (aad.length < 0xff00 ? 2 : 6)
  const aadEnd = aad.length === 0 ? blockLength : wholeBlocks(aadStart + aad.length)
  const framed = new Uint8Array(wholeBlocks(aadEnd + text.length))
  framed[0] = (aad.length === 0 ? 0 : 0x40) | (((tagLength - 2) / 2) << 3) | (lengthSize - 1)
  framed.set(nonce, 1)
  framed[13] = text.length >>> 16
  framed[14] = text.length >>> 8
  framed[15] = text.length
  // Where two bytes do not suffice for the length, 0xfffe and four do.
  if (aad.length >= 0xff00) framed.set([0xff, 0xfe, aad.length >>> 24, aad.length >>> 16], blockLength)
  if (aad.length > 0) {
    framed[aadStart - 2] = aad.length >>> 8
    framed[aadStart - 1] = aad.length
    framed.set(aad, aadStart)
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
