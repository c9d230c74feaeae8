import { fromHex, toUtf8 } from '@purertc/bytes'

import type { AeadAlgorithm } from '../../src/index.ts'

export interface AeadVector {
  readonly name: string
  readonly algorithm: AeadAlgorithm
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly aad: Uint8Array
  readonly plaintext: Uint8Array
  readonly ciphertext: string
  readonly tag: string
}

const gcmKey = 'feffe9928665731c6d6a8f9467308308'

const gcmPlaintext =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'

const gcmAad = 'feedfacedeadbeeffeedfacedeadbeefabaddad2'

const gcm = (
  number: number,
  key: string,
  nonce: string,
  aad: string,
  plaintext: string,
  ciphertext: string,
  tag: string,
): AeadVector => ({
  name: `GCM test case ${number}`,
  algorithm: key.length === 32 ? 'aes-128-gcm' : 'aes-256-gcm',
  key: fromHex(key),
  nonce: fromHex(nonce),
  aad: fromHex(aad),
  plaintext: fromHex(plaintext),
  ciphertext,
  tag,
})

const zeros = (bytes: number): string => '00'.repeat(bytes)

const gcm128Ciphertext =
  '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e' +
  '21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985'

const gcm256Ciphertext =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad'

/**
 * The test cases of McGrew and Viega, “The Galois/Counter Mode of Operation”, appendix B, that have the 12-byte nonce
 * of RFC 5116; RFC 8439 §2.8.2 and §A.5.
 */
export const aeadVectors: readonly AeadVector[] = [
  gcm(1, zeros(16), zeros(12), '', '', '', '58e2fccefa7e3061367f1d57a4e7455a'),
  gcm(2, zeros(16), zeros(12), '', zeros(16), '0388dace60b6a392f328c2b971b2fe78', 'ab6e47d42cec13bdf53a67b21257bddf'),
  gcm(3, gcmKey, 'cafebabefacedbaddecaf888', '', gcmPlaintext, gcm128Ciphertext, '4d5c2af327cd64a62cf35abd2ba6fab4'),
  gcm(
    4,
    gcmKey,
    'cafebabefacedbaddecaf888',
    gcmAad,
    gcmPlaintext.slice(0, 120),
    gcm128Ciphertext.slice(0, 120),
    '5bc94fbc3221a5db94fae95ae7121a47',
  ),
  gcm(13, zeros(32), zeros(12), '', '', '', '530f8afbc74536b9a963b4f1c4cb738b'),
  gcm(14, zeros(32), zeros(12), '', zeros(16), 'cea7403d4d606b6e074ec5d3baf39d18', 'd0d1c8a799996bf0265b98b5d48ab919'),
  gcm(15, gcmKey + gcmKey, 'cafebabefacedbaddecaf888', '', gcmPlaintext, gcm256Ciphertext, 'b094dac5d93471bdec1a502270e3cc6c'),
  gcm(
    16,
    gcmKey + gcmKey,
    'cafebabefacedbaddecaf888',
    gcmAad,
    gcmPlaintext.slice(0, 120),
    gcm256Ciphertext.slice(0, 120),
    '76fc6ece0f4e1768cddf8853bb2d551b',
  ),
  {
    name: 'RFC 8439 §2.8.2',
    algorithm: 'chacha20-poly1305',
    key: Uint8Array.from({ length: 32 }, (_, i) => 0x80 + i),
    nonce: fromHex('07000000 40414243 44454647'),
    aad: fromHex('50515253 c0c1c2c3 c4c5c6c7'),
    plaintext: toUtf8(
      'Ladies and Gentlemen of the class of \'99: If I could offer you only one tip for the future, sunscreen would be it.',
    ),
    ciphertext:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6' +
      '3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36' +
      '92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
      '3ff4def08e4b7a9de576d26586cec64b6116',
    tag: '1ae10b594f09e26a7e902ecbd0600691',
  },
  {
    name: 'RFC 8439 §A.5',
    algorithm: 'chacha20-poly1305',
    key: fromHex('1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0'),
    nonce: fromHex('00000000 0102030405060708'),
    aad: fromHex('f33388860000000000004e91'),
    plaintext: toUtf8(
      'Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or ' +
        'obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference material ' +
        'or to cite them other than as /\u201cwork in progress./\u201d',
    ),
    ciphertext:
      '64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0' +
      'bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855' +
      '9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e9' +
      '9040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a' +
      '0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130' +
      '305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709b',
    tag: 'eead9d67890cbb22392336fea1851f38',
  },
]
