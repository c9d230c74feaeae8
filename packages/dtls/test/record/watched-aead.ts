import { toHex } from '@purertc/bytes'
import type { Aead } from '@purertc/crypto'

/** An AEAD that notes which nonces it was told to expect, and which came to be opened. */
export interface WatchedAead extends Aead {
  readonly expected: string[]
  readonly opened: string[]
}

export function watched(aead: Aead): WatchedAead {
  const expected: string[] = []
  const opened: string[] = []
  return {
    expected,
    opened,
    algorithm: aead.algorithm,
    tagLength: aead.tagLength,
    seal: (nonce, ...rest) => aead.seal(nonce, ...rest),
    open: (nonce, ...rest) => {
      opened.push(toHex(nonce))
      return aead.open(nonce, ...rest)
    },
    expect: (nonce) => void expected.push(toHex(nonce)),
  }
}
