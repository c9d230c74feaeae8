import type { ChangeRequestValue } from './attributes/discovery.ts'

/**
 * The two addresses with the same two ports each that behaviour discovery takes, RFC 5780 §6: `locals[address][port]`.
 * They are what the server's host calls its local ends; they are told apart by identity.
 *
 * @example
 * const addresses = new DiscoveryAddresses([[primary, primaryAlternatePort], [alternate, alternateAlternatePort]])
 * const server = new StunServer({ crypto, discovery: (local, change) => addresses.other(local, change) }, host)
 */
export class DiscoveryAddresses<Local> {
  readonly #locals: readonly (readonly [Local, Local])[]

  constructor(locals: readonly [readonly [Local, Local], readonly [Local, Local]]) {
    this.#locals = locals
  }

  /** The end that differs from `local` in what is asked for, RFC 5780 table 1; `null` for an end that is not ours. */
  other(local: Local, change: ChangeRequestValue): Local | null {
    const address = this.#locals.findIndex((ports) => ports.includes(local))
    if (address < 0) return null
    const port = this.#locals[address]?.indexOf(local) ?? 0
    return this.#locals[address ^ (change.ip ? 1 : 0)]?.[port ^ (change.port ? 1 : 0)] ?? null
  }
}
