import type { CryptoProvider } from '@purertc/crypto'

import { IceError } from './ice-error.ts'

/** What authenticates the checks of one ICE session, RFC 8445 §5.3. */
export interface IceCredentials {
  /** 4 to 256 ice-chars; of this agent's own, 32 at the most. */
  readonly usernameFragment: string
  /** 22 to 256 ice-chars. */
  readonly password: string
}

/** What the peer's description says besides its credentials. */
export interface RemoteOptions {
  /** The peer is a lite agent, so that this one is controlling. Default false. */
  readonly isLite?: boolean
  /** Both descriptions have the option, see `IceConfig.renomination`, which is the default. */
  readonly renomination?: boolean
  /** Ta that the peer wishes for, `a=ice-pacing` (RFC 8839 §5.5), milliseconds: the larger of both counts. Default 50. */
  readonly pacing?: number
}

/** 48 bits of fragment (24 are required) and 144 bits of password (128 are required). */
export function generateCredentials(crypto: CryptoProvider): IceCredentials {
  return { usernameFragment: randomIceChars(crypto, 8), password: randomIceChars(crypto, 24) }
}

/** Throws {@link IceError} `invalid-credentials` where RFC 8839 §5.4 forbids them, which is stricter about `ours`. */
export function checkCredentials(
  { usernameFragment, password }: IceCredentials,
  whose: 'ours' | 'theirs',
): void {
  const longest = whose === 'ours' ? 32 : 256
  if (usernameFragment.length > longest || !/^[0-9A-Za-z+/]{4,}$/.test(usernameFragment))
    throw new IceError('invalid-credentials', `a username fragment has 4 to ${longest} ice-chars`)
  if (!/^[0-9A-Za-z+/]{22,256}$/.test(password))
    throw new IceError('invalid-credentials', 'a password has 22 to 256 ice-chars')
}

function randomIceChars(crypto: CryptoProvider, length: number): string {
  const bytes = new Uint8Array(length)
  crypto.randomFill(bytes)
  let text = ''
  for (const byte of bytes) text += ICE_CHARS.charAt(byte & 63)
  return text
}

const ICE_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
