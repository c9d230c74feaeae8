import type { Base } from './base.ts'
import type { CandidateType } from './candidate.ts'

/**
 * Foundations, RFC 8445 §5.1.1.3: equal for candidates of the same type, base address, server and transport. Numbers
 * in order of appearance: unlike a hash of the addresses they tell the peer nothing.
 */
export class Foundations {
  readonly #known: Map<string, string> = new Map()

  /** `server` is the IP address of the STUN or TURN server that the candidate was obtained from, if any. */
  of(type: CandidateType, { address: { address }, tcpType }: Base, server = ''): string {
    const key = `${type} ${tcpType ?? 'udp'} ${address} ${server}`
    let foundation = this.#known.get(key)
    if (foundation === undefined) {
      foundation = String(this.#known.size + 1)
      this.#known.set(key, foundation)
    }
    return foundation
  }
}
