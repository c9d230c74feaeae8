import { Receiver, type ReceiverHost } from '../receive/receiver.ts'
import { Sender } from '../send/sender.ts'
import type { Tsn } from '../tsn.ts'
import type { PathMonitor } from '../path/path-monitor.ts'
import type { Context } from './context.ts'
import type { Agreement } from './agreement.ts'
import type { SctpHost } from './host.ts'
import { StreamReset } from './stream-reset.ts'

/** What carries messages: a sender from the beginning, the rest when the handshake is done. A restart makes all anew. */
export class Transfer {
  readonly #context: Context
  readonly #path: PathMonitor
  readonly #host: SctpHost
  #sender: Sender
  #receiver: Receiver | undefined
  #streamReset: StreamReset | undefined

  constructor(context: Context, path: PathMonitor, host: SctpHost, localTsn: Tsn) {
    this.#context = context
    this.#path = path
    this.#host = host
    this.#sender = this.#newSender(localTsn)
  }

  get sender(): Sender {
    return this.#sender
  }

  /** Undefined before the association stands. */
  get receiver(): Receiver | undefined {
    return this.#receiver
  }

  /** Undefined before the association stands, and where the peer cannot reset streams. */
  get streamReset(): StreamReset | undefined {
    return this.#streamReset
  }

  /** The peer has restarted: the sender begins anew. */
  restart(localTsn: Tsn): void {
    this.#sender = this.#newSender(localTsn)
  }

  /** The association stands. */
  start(agreement: Agreement): void {
    const { settings, deadlines } = this.#context
    const interleaves = settings.interleaving && agreement.peerInterleaves
    const { peerForwardsTsn, peerForwardsInterleaved } = agreement
    const forwards = interleaves ? peerForwardsInterleaved : peerForwardsTsn
    this.#sender.start(agreement.peerWindow, forwards, interleaves)
    const receiver = new Receiver(
      settings,
      deadlines,
      agreement.peerTsn,
      interleaves,
      receiverHost(this.#context, this.#host),
    )
    this.#receiver = receiver
    this.#streamReset = agreement.peerResetsStreams ? this.#newStreamReset(agreement, receiver) : undefined
  }

  #newSender(localTsn: Tsn): Sender {
    const { settings, deadlines, roundTrip } = this.#context
    return new Sender(settings, deadlines, roundTrip, localTsn)
  }

  #newStreamReset(agreement: Agreement, receiver: Receiver): StreamReset {
    const sender = this.#sender
    return new StreamReset(this.#context, this.#path, sender.queue, agreement.localTsn, agreement.peerTsn, {
      lastAssignedTsn: () => sender.lastAssignedTsn,
      cumulativeTsn: () => receiver.cumulativeTsn,
      incomingResetDeferred: (streams, lastTsn) => receiver.deferReset(streams, lastTsn),
      incomingReset: (streams) => {
        receiver.resetStreams(streams)
        this.#host.streamsReset(streams)
      },
      outgoingResetDone: (streams, performed) => this.#host.resetDone(streams, performed),
    })
  }
}

/** A host that has closed the association wants no more of it. */
function receiverHost(context: Context, host: SctpHost): ReceiverHost {
  return {
    message: (stream, protocol, message) => {
      if (context.state !== 'closed') host.received(context.now, stream, protocol, message)
    },
    part: (stream, protocol, bytes, isLast) => {
      if (context.state !== 'closed') host.receivedPart?.(context.now, stream, protocol, bytes, isLast)
    },
    broken: (stream) => {
      if (context.state !== 'closed') host.messageBroken?.(context.now, stream)
    },
  }
}
