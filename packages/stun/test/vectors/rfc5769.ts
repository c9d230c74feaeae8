import type { IntegrityAlgorithm } from '../../src/index.ts'

export interface StunVector {
  readonly section: string
  readonly wire: string
  readonly key: { readonly password: string; readonly username?: string; readonly realm?: string }
  readonly hash?: 'md5' | 'sha256'
  readonly integrity: IntegrityAlgorithm
  readonly hasFingerprint: boolean
}

/** RFC 5769, all four, and RFC 8489 §B.1 with its erratum applied (USERHASH and the HMAC recomputed). */
export const vectors: readonly StunVector[] = [
  {
    section: 'RFC 5769 §2.1: sample request',
    wire: `00010058 2112a442 b7e7a701 bc34d686 fa87dfae
      80220010 5354554e 20746573 7420636c 69656e74
      00240004 6e0001ff
      80290008 932ff9b1 51263b36
      00060009 6576746a 3a683676 59202020
      00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
      80280004 e57a3bcf`,
    key: { password: 'VOkJxbRl1RmTxUk/WvJxBt' },
    integrity: 'sha1',
    hasFingerprint: true,
  },
  {
    section: 'RFC 5769 §2.2: sample IPv4 response',
    wire: `0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
      8022000b 74657374 20766563 746f7220
      00200008 0001a147 e112a643
      00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
      80280004 c07d4c96`,
    key: { password: 'VOkJxbRl1RmTxUk/WvJxBt' },
    integrity: 'sha1',
    hasFingerprint: true,
  },
  {
    section: 'RFC 5769 §2.3: sample IPv6 response',
    wire: `01010048 2112a442 b7e7a701 bc34d686 fa87dfae
      8022000b 74657374 20766563 746f7220
      00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
      00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
      80280004 c8fb0b4c`,
    key: { password: 'VOkJxbRl1RmTxUk/WvJxBt' },
    integrity: 'sha1',
    hasFingerprint: true,
  },
  {
    section: 'RFC 5769 §2.4: sample request with long-term authentication',
    wire: `00010060 2112a442 78ad3433 c6ad72c0 29da412e
      00060012 e3839ee3 8388e383 aae38383 e382af e382b9 0000
      0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 3634 7341
      0014000b 6578616d 706c652e 6f726700
      00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666`,
    key: { username: 'マトリックス', realm: 'example.org', password: 'TheMatrIX' },
    integrity: 'sha1',
    hasFingerprint: false,
  },
  {
    section: 'RFC 8489 §B.1: sample request with USERHASH and MESSAGE-INTEGRITY-SHA256',
    wire: `00010090 2112a442 78ad3433 c6ad72c0 29da412e
      001e0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
      00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000
      0014000b 6578616d 706c652e 6f726700
      001d0004 00020000
      001c0020 b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65`,
    key: { username: 'マトリックス', realm: 'example.org', password: 'TheMatrIX' },
    hash: 'sha256',
    integrity: 'sha256',
    hasFingerprint: false,
  },
]
