import { toUtf8 } from '@purertc/bytes'

import type { SctpAssociation } from '../association/association.ts'
import type { SendOptions } from '../association/host.ts'
import type { Abandoned } from '../send/abandoned-messages.ts'
import { SctpError } from '../errors.ts'
import type { ChannelOpen } from './dcep.ts'
import type { HeldMessages } from './held-messages.ts'

/** As W3C's `RTCDataChannelState`. */
export type DataChannelState = 'connecting' | 'open' | 'closing' | 'closed'

/** What a channel is opened with; the names are W3C's `RTCDataChannelInit`. */
export interface DataChannelOptions {
  /** Default empty; at most 65,535 bytes of UTF-8. */
  readonly label?: string
  /** The subprotocol. Default empty; at most 65,535 bytes of UTF-8. */
  readonly protocol?: string
  /** Default true. */
  readonly ordered?: boolean
  /** How often a message is sent again before it is given up. Not together with `maxPacketLifeTime`. */
  readonly maxRetransmits?: number
  /** Milliseconds after which a message is given up. */
  readonly maxPacketLifeTime?: number
  /** Both sides know of the channel and its `id`: nothing is said on the wire. Default false. */
  readonly negotiated?: boolean
  /** 0 to 65534. Needed with `negotiated`, else chosen. */
  readonly id?: number
  /** RFC 8831 §6.4: 128 very low, 256 low (default), 512 medium, 1024 high. */
  readonly priority?: number
}

/** One data channel. It is a handle: sending and closing go through the `DataChannels` that made it. */
export interface DataChannel {
  readonly id: number
  readonly label: string
  readonly protocol: string
  readonly ordered: boolean
  readonly maxRetransmits: number | undefined
  readonly maxPacketLifeTime: number | undefined
  readonly negotiated: boolean
  readonly priority: number
  readonly readyState: DataChannelState
  /** Whether no message of it is ever given up. */
  readonly isReliable: boolean
  /** Whether received messages are held back, see `DataChannels.pause`. */
  readonly isPaused: boolean
  /** Bytes given to send that have not been sent yet. */
  readonly bufferedAmount: number
  /** Messages that partial reliability gave up. */
  readonly abandoned: Abandoned
  /** `host.bufferedAmountLow` is called when `bufferedAmount` falls to this. Default 0. */
  bufferedAmountLowThreshold: number
}

/** A channel as `DataChannels` sees it. */
export class Channel implements DataChannel {
  readonly id: number
  readonly label: string
  readonly protocol: string
  readonly ordered: boolean
  readonly maxRetransmits: number | undefined
  readonly maxPacketLifeTime: number | undefined
  readonly negotiated: boolean
  readonly priority: number
  readonly #association: SctpAssociation
  readonly #sendOptions: SendOptions
  readonly #sendOptionsBeforeAck: SendOptions
  #lowThreshold = 0
  readyState: DataChannelState = 'connecting'
  /** Whether the peer is known to have the channel: until then all is sent in order (RFC 8832 §6). */
  isAcknowledged: boolean
  /** Our stream of this channel has been reset. */
  isOutgoingReset = false
  /** The peer's stream of this channel has been reset. */
  isIncomingReset = false
  /** Bytes of label and protocol that the peer made us remember. */
  foreignNames = 0
  /** What arrived while the channel was paused; null while it is read as it arrives. */
  held: HeldMessages | null = null
  isPaused = false
  /** The peer has reset its stream, but the host has not yet had all that came before. */
  isResetHeld = false

  /** Throws {@link SctpError} `invalid-channel`. */
  constructor(association: SctpAssociation, id: number, options: DataChannelOptions) {
    this.#association = association
    this.id = id
    this.label = options.label ?? ''
    this.protocol = options.protocol ?? ''
    this.ordered = options.ordered ?? true
    this.maxRetransmits = options.maxRetransmits
    this.maxPacketLifeTime = options.maxPacketLifeTime
    this.negotiated = options.negotiated ?? false
    this.priority = options.priority ?? defaultPriority
    this.isAcknowledged = this.negotiated
    if (this.maxRetransmits !== undefined && this.maxPacketLifeTime !== undefined)
      throw new SctpError('invalid-channel', 'maxRetransmits and maxPacketLifeTime exclude each other')
    if (toUtf8(this.label).length > 0xffff || toUtf8(this.protocol).length > 0xffff)
      throw new SctpError('invalid-channel', 'label and protocol have at most 65,535 bytes')
    const reliability: SendOptions = {
      ...(options.maxRetransmits === undefined ? {} : { maxRetransmits: options.maxRetransmits }),
      ...(options.maxPacketLifeTime === undefined ? {} : { lifetime: options.maxPacketLifeTime }),
    }
    this.#sendOptions = { ...reliability, unordered: !this.ordered }
    this.#sendOptionsBeforeAck = { ...reliability, unordered: false }
  }

  get bufferedAmount(): number {
    return this.readyState === 'closed' ? 0 : this.#association.bufferedAmount(this.id)
  }

  get abandoned(): Abandoned {
    return this.#association.abandonedMessages(this.id)
  }

  get bufferedAmountLowThreshold(): number {
    return this.#lowThreshold
  }

  set bufferedAmountLowThreshold(threshold: number) {
    this.#lowThreshold = threshold
    this.#association.setBufferedAmountLowThreshold(this.id, threshold)
  }

  get isReliable(): boolean {
    return this.maxRetransmits === undefined && this.maxPacketLifeTime === undefined
  }

  get sendOptions(): SendOptions {
    return this.isAcknowledged ? this.#sendOptions : this.#sendOptionsBeforeAck
  }

  get open(): ChannelOpen {
    const { priority, ordered, maxRetransmits, maxPacketLifeTime, label, protocol } = this
    return { type: 'open', priority, ordered, maxRetransmits, maxPacketLifeTime, label, protocol }
  }
}

const defaultPriority = 256
