import type { CryptoProvider } from '@purertc/crypto'

/** Who nominates, RFC 8445 §6.1.1: normally the controlling agent is the one that sent the offer. */
export type IceRole = 'controlling' | 'controlled'

/** `switched`: this agent gave way. `rejected`: the peer must, and is told so by 487. */
export type ConflictOutcome = 'none' | 'switched' | 'rejected'

/** The role of this agent and the number that decides when both claim the same, RFC 8445 §7.3.1.1 and §7.2.5.1. */
export class Role {
  readonly #crypto: CryptoProvider
  /** A lite agent never gives way (RFC 8445 §6.1.1). */
  readonly #isFixed: boolean
  #current: IceRole
  #tieBreaker: bigint

  constructor(crypto: CryptoProvider, initial: IceRole, isFixed = false) {
    this.#crypto = crypto
    this.#isFixed = isFixed
    this.#current = initial
    this.#tieBreaker = this.#draw()
  }

  get current(): IceRole {
    return this.#current
  }

  get isControlling(): boolean {
    return this.#current === 'controlling'
  }

  get tieBreaker(): bigint {
    return this.#tieBreaker
  }

  /** The peer is a lite agent, which cannot. Returns whether the role is another now. */
  lead(): boolean {
    if (this.#isFixed || this.isControlling) return false
    this.#switch()
    return true
  }

  /** A request says that its sender has role `claimed` and tie-breaker `theirs`. */
  resolve(claimed: IceRole, theirs: bigint): ConflictOutcome {
    if (claimed !== this.#current) return 'none'
    if (this.#isFixed) return 'rejected'
    // The larger or equal tie-breaker is the controlling one.
    const staysControlling = this.#tieBreaker >= theirs
    if (staysControlling === this.isControlling) return 'rejected'
    this.#switch()
    return 'switched'
  }

  /**
   * An authenticated 487 answered a request that claimed `claimed`. True when the role changed; a request from before
   * an earlier switch changes nothing.
   */
  yield(claimed: IceRole): boolean {
    if (claimed !== this.#current) return false
    this.#switch()
    // RFC 8445 §7.2.5.1: "The agent MUST change the tiebreaker value": equal ones would conflict for ever.
    this.#tieBreaker = this.#draw()
    return true
  }

  #switch(): void {
    this.#current = this.isControlling ? 'controlled' : 'controlling'
  }

  #draw(): bigint {
    const bytes = new Uint8Array(8)
    this.#crypto.randomFill(bytes)
    return new DataView(bytes.buffer).getBigUint64(0)
  }
}
