import type { TransportAddress } from '@purertc/stun'

/**
 * A map by 5-tuple: the listener's number stands for the server's address and transport, so that what is left is the
 * client's address and port. Nested, so that looking a datagram's sender up makes no key.
 */
export class FiveTupleMap<T> {
  readonly #listeners = new Map<number, Map<string, Map<number, T>>>()

  get(listener: number, client: Pick<TransportAddress, 'address' | 'port'>): T | undefined {
    return this.#listeners.get(listener)?.get(client.address)?.get(client.port)
  }

  *values(): Generator<T> {
    for (const addresses of this.#listeners.values())
      for (const ports of addresses.values()) yield* ports.values()
  }

  /** What is there of one listener. */
  *ofListener(listener: number): Generator<T> {
    for (const ports of this.#listeners.get(listener)?.values() ?? []) yield* ports.values()
  }

  set(listener: number, client: TransportAddress, value: T): void {
    const addresses = this.#listeners.get(listener) ?? new Map<string, Map<number, T>>()
    this.#listeners.set(listener, addresses)
    const ports = addresses.get(client.address) ?? new Map<number, T>()
    addresses.set(client.address, ports)
    ports.set(client.port, value)
  }

  delete(listener: number, client: TransportAddress): void {
    const addresses = this.#listeners.get(listener)
    const ports = addresses?.get(client.address)
    ports?.delete(client.port)
    if (ports?.size === 0) addresses?.delete(client.address)
    if (addresses?.size === 0) this.#listeners.delete(listener)
  }
}
