import { fromHex, toUtf8 } from '@purertc/bytes'

import type { KeyKind, SignatureScheme } from '../../src/index.ts'

export interface SignatureVector {
  readonly name: string
  readonly scheme: SignatureScheme
  readonly kind: Exclude<KeyKind, 'rsa'>
  readonly privateKey: string
  /** An uncompressed point without its 04, or the 32 bytes of Ed25519. */
  readonly publicKey: string
  readonly message: Uint8Array
  /** r and s of ECDSA, or the 64 bytes of Ed25519 in halves. */
  readonly signature: readonly [string, string]
}

/** RFC 6979 §A.2.5. */
const p256 = {
  scheme: 'ecdsa_secp256r1_sha256',
  kind: 'ec-p256',
  privateKey: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
  publicKey:
    '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
    '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
} as const

/** RFC 6979 §A.2.6. */
const p384 = {
  scheme: 'ecdsa_secp384r1_sha384',
  kind: 'ec-p384',
  privateKey:
    '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5',
  publicKey:
    'ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13' +
    '8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720',
} as const

export const signatureVectors: readonly SignatureVector[] = [
  {
    ...p256,
    name: 'RFC 6979 §A.2.5, sample',
    message: toUtf8('sample'),
    signature: [
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    ],
  },
  {
    ...p256,
    name: 'RFC 6979 §A.2.5, test',
    message: toUtf8('test'),
    signature: [
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
      '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    ],
  },
  {
    ...p384,
    name: 'RFC 6979 §A.2.6, sample',
    message: toUtf8('sample'),
    signature: [
      '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46',
      '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
    ],
  },
  {
    ...p384,
    name: 'RFC 6979 §A.2.6, test',
    message: toUtf8('test'),
    signature: [
      '8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db',
      'ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5',
    ],
  },
  ...(
    [
      [
        '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        '',
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155',
        '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ],
      [
        '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        '72',
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da',
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      ],
      [
        'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
        'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
        'af82',
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac',
        '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
      ],
    ] as const
  ).map(
    ([privateKey, publicKey, message, r, s], i): SignatureVector => ({
      name: `RFC 8032 §7.1, test ${i + 1}`,
      scheme: 'ed25519',
      kind: 'ed25519',
      privateKey,
      publicKey,
      message: fromHex(message),
      signature: [r, s],
    }),
  ),
]
