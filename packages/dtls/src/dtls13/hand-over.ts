import type { HandshakeMessage } from '../handshake/handshake-message.ts'
import type { HandshakeState as Dtls12State } from '../handshake/handshake-state.ts'
import type { Reassembly } from '../handshake/reassembly.ts'
import type { Retransmission } from '../handshake/retransmission.ts'
import type { HandshakeContext, HandshakeState } from './handshake-state.ts'

/**
 * The hello that decides the version was taken, and it says DTLS 1.3: what the first state of 1.3 makes of it. The
 * driver of 1.2, which every handshake begins with, hands everything over and is done.
 */
export class HandOver implements Dtls12State {
  readonly expects = 'nothing'
  readonly begin: (cx: HandshakeContext) => HandshakeState

  constructor(begin: (cx: HandshakeContext) => HandshakeState) {
    this.begin = begin
  }

  handle(_message: HandshakeMessage): never {
    throw new Error('a handshake that was handed over goes on elsewhere')
  }
}

/** What a handshake takes with it. */
export interface Estate {
  readonly begin: (cx: HandshakeContext) => HandshakeState
  readonly reassembly: Reassembly
  readonly retransmission: Retransmission
  /** `message_seq` of our next message. */
  readonly nextSequence: number
  /** The records of epoch 0 that the hello came in, the latest last. */
  readonly recordSequences: readonly number[]
  /** Sends the hello that this one answers again. */
  readonly repeat: (mtu: number) => void
}
