import type { KeyExchangeGroup } from '@purertc/crypto'

/** A group for ephemeral keys, RFC 8422 §5.1.1. */
export interface NamedGroup {
  readonly id: number
  readonly name: KeyExchangeGroup
}

/** What we offer and accept, best first. */
export const namedGroups: readonly NamedGroup[] = [
  { id: 0x001d, name: 'x25519' },
  { id: 0x0017, name: 'p-256' },
  { id: 0x0018, name: 'p-384' },
]
