import type { HandshakeFragment } from '../handshake/handshake-fragment.ts'
import { Reassembly } from '../handshake/reassembly.ts'

/**
 * ClientHellos of which a part has come. With a post-quantum key share they take two datagrams, and what a cookie of
 * DTLS 1.3 vouches for is the hash of the whole. The room is the same for all clients together, and small: under a flood
 * the oldest give way, and a client that was there in vain tries again.
 */
export class PartialHellos {
  readonly #hellos = new Map<string, Reassembly>()

  /** Takes a fragment, which is borrowed; returns the hello's body once it is whole. */
  insert(clientAddress: string, fragment: HandshakeFragment): Uint8Array | null {
    const key = `${fragment.sequence} ${clientAddress}`
    const hello = this.#hellos.get(key) ?? this.#begin(key, fragment.sequence)
    hello.insert(fragment)
    const message = hello.next()
    if (message !== null || hello.buffered === 0) this.#hellos.delete(key)
    return message?.body ?? null
  }

  #begin(key: string, sequence: number): Reassembly {
    const hello = new Reassembly(maxLength)
    hello.startAt(sequence)
    if (this.#hellos.size === maxHellos) {
      const [oldest = key] = this.#hellos.keys()
      this.#hellos.delete(oldest)
    }
    this.#hellos.set(key, hello)
    return hello
  }
}

const maxHellos = 128
/** Two to three times that of browsers. */
const maxLength = 4_096
