import { toUtf8 } from '@purertc/bytes'

/** A shared key and the name that the server finds it by, RFC 4279 §5.3. Text is taken as UTF-8 (§5.1). */
export interface PskCredential {
  readonly identity: Uint8Array | string
  readonly key: Uint8Array
}

/**
 * A client's shared key, or a choice among several by the server's hint, which is null where the server gave none.
 * Null where there is no key for this server.
 */
export type ClientPsk = PskCredential | ((hint: Uint8Array | null) => PskCredential | null)

/** A server's shared keys. */
export interface ServerPsk {
  /** Tells clients which of their keys is meant, RFC 4279 §5.2. */
  readonly hint?: Uint8Array | string
  /** The key of a client, null for one that is not known. `identity` is borrowed. */
  readonly key: (identity: Uint8Array) => Uint8Array | null
}

export const pskBytes = (value: Uint8Array | string): Uint8Array =>
  typeof value === 'string' ? toUtf8(value) : value
