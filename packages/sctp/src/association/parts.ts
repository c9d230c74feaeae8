import type { Millis } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import { PathMonitor } from '../path/path-monitor.ts'
import { PathMtu } from '../path/path-mtu.ts'
import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import type { InitChunk } from '../wire/init.ts'
import type { Agreement } from './agreement.ts'
import { Context } from './context.ts'
import { Departure } from './departure.ts'
import { Handshake } from './handshake.ts'
import type { SctpHost } from './host.ts'
import { Inbound } from './inbound.ts'
import { randomNumbers, readExchangedInits } from './out-of-band-init.ts'
import { Outbox } from './outbox.ts'
import { Shutdown } from './shutdown.ts'
import { Transfer } from './transfer.ts'

/** The machines that an association is made of, and how they are wired. */
export class Parts {
  readonly context: Context
  readonly transfer: Transfer
  readonly pathMtu: PathMtu
  readonly shutdown: Shutdown
  readonly inbound: Inbound
  readonly outbox: Outbox
  readonly departure: Departure
  readonly #host: SctpHost
  readonly #handshake: Handshake
  readonly #path: PathMonitor
  /** Exchanged by other means than packets. */
  readonly #inits: { readonly local: InitChunk; readonly remote: InitChunk } | null

  constructor(settings: Settings, host: SctpHost) {
    const newNumber = randomNumbers(settings)
    const inits = readExchangedInits(settings)
    const localTsn = inits?.local.initialTsn ?? Tsn.of(newNumber())
    const context = new Context(
      settings,
      (packet, more) => host.transmit(packet, more),
      (reason) => host.closed(reason),
    )
    this.#host = host
    this.#inits = inits
    this.context = context
    this.#handshake = new Handshake(context, localTsn, newNumber, {
      established: (now, agreement, restarted) => this.#established(now, agreement, restarted),
    })
    this.#path = new PathMonitor(context, newNumber)
    this.pathMtu = new PathMtu(context, newNumber, (size, holdsChunk) =>
      this.transfer.sender.packetSizeChanged(size, holdsChunk),
    )
    this.shutdown = new Shutdown(context, this.#path)
    this.transfer = new Transfer(context, this.#path, host, localTsn)
    this.outbox = new Outbox(settings, this.transfer.sender)
    this.inbound = new Inbound(
      context,
      this.#handshake,
      this.#path,
      this.pathMtu,
      this.shutdown,
      this.transfer,
    )
    this.departure = new Departure(context, this.transfer, this.pathMtu, this.shutdown, (stream) =>
      host.bufferedAmountLow(stream),
    )
  }

  /** Begins the handshake, or does without where both INITs are here already. */
  connect(now: Millis, patience: number): void {
    if (this.#inits) this.#handshake.adopt(now, this.#inits.local, this.#inits.remote)
    else if (patience > 0) this.#handshake.await(now, patience)
    else this.#handshake.start(now)
  }

  /** Does what is due. */
  expire(now: Millis): void {
    const { context, pathMtu, shutdown } = this
    const { deadlines } = context
    const { sender, receiver, streamReset } = this.transfer
    if (deadlines.take(Timer.t1, now)) this.#handshake.handleT1(now)
    if (deadlines.take(Timer.t2, now)) shutdown.handleT2(now, receiver?.cumulativeTsn ?? Tsn.of(0))
    if (deadlines.take(Timer.t3, now) && sender.handleT3(now)) {
      this.#path.failed()
      if (context.state !== 'closed') pathMtu.suspect(now)
    }
    if (deadlines.take(Timer.reordering, now)) sender.handleReordering(now)
    if (deadlines.take(Timer.tailProbe, now)) sender.handleTailProbe(now)
    deadlines.take(Timer.pacing, now)
    if (deadlines.take(Timer.t5, now)) shutdown.handleT5()
    if (deadlines.take(Timer.delayedSack, now)) receiver?.handleDelayedSack()
    if (deadlines.take(Timer.heartbeat, now)) this.#path.handleTimeout(now)
    if (deadlines.take(Timer.packetSize, now)) pathMtu.handleTimeout(now)
    if (deadlines.take(Timer.reConfig, now)) streamReset?.handleTimeout()
  }

  #established(now: Millis, agreement: Agreement, restarted: boolean): void {
    const { context, transfer, outbox, pathMtu } = this
    const { settings } = context
    if (restarted) {
      context.deadlines.disarmAll()
      transfer.restart(agreement.localTsn)
      outbox.restart(transfer.sender)
      pathMtu.restart()
    }
    transfer.start(agreement)
    context.output.packet.omitsChecksum = settings.zeroChecksum && agreement.peerTakesZeroChecksum
    pathMtu.peerTakes(agreement.peerLargestPacket)
    outbox.streams = Math.min(settings.streams, agreement.peerInboundStreams)
    this.#path.start(now)
    if (restarted) this.#host.restarted()
    else this.#host.connected()
  }
}
