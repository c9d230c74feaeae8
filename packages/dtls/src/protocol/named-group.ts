import type { KeyExchangeGroup } from '@purertc/crypto'

/** A group for ephemeral keys, RFC 8422 §5.1.1 and RFC 8446 §4.2.7. */
export interface NamedGroup {
  /** Number in the registry "TLS Supported Groups". */
  readonly id: number
  readonly name: KeyExchangeGroup
  /** The registry's spelling. */
  readonly registryName: string
  /** A KEM has no place in the messages of DTLS 1.2. */
  readonly isCurve: boolean
}

/** All there are, best first. */
export const namedGroups: readonly NamedGroup[] = [
  { id: 0x11ec, name: 'x25519mlkem768', registryName: 'X25519MLKEM768', isCurve: false },
  { id: 0x001d, name: 'x25519', registryName: 'x25519', isCurve: true },
  { id: 0x0017, name: 'p-256', registryName: 'secp256r1', isCurve: true },
  { id: 0x0018, name: 'p-384', registryName: 'secp384r1', isCurve: true },
]

/** Those of a list that DTLS 1.2 has. */
export const curvesOf = (groups: readonly NamedGroup[]): readonly NamedGroup[] =>
  groups.filter(({ isCurve }) => isCurve)
