import {
  encodeFrame,
  ErrorCode,
  type JoinFrame,
  type RelayedFrame,
  type ServerFrame,
} from '@purertc/signaling-protocol'

import { Channel, type ChannelMember } from './channel.ts'
import { type Connection, type Joined, outside } from './connection.ts'
import { KeptFrames } from './kept-frames.ts'
import type { HubLimits } from './limits.ts'
import type { Outbox } from './outbox.ts'

/** Who is in which channel, and what members say and hear. */
export class Channels {
  readonly #outbox: Outbox
  readonly #limits: HubLimits
  readonly #newPeerName: () => string
  readonly #channels: Map<string, Channel> = new Map()

  constructor(outbox: Outbox, limits: HubLimits, newPeerName: () => string) {
    this.#outbox = outbox
    this.#limits = limits
    this.#newPeerName = newPeerName
  }

  get count(): number {
    return this.#channels.size
  }

  get(name: string): Channel | undefined {
    return this.#channels.get(name)
  }

  /** Brings a connection into the channel it asked for, or tells it why not. */
  join(from: Connection, frame: JoinFrame): void {
    const existing = this.#channels.get(frame.channel)
    const fault = this.#joinFault(existing, frame.peer)
    if (fault !== null) {
      this.#outbox.refuse(from.id, fault, frame.id)
      return
    }
    const channel = existing ?? this.#open(frame.channel)
    const others = channel.members
    const { metadata } = frame
    const peer = frame.peer ?? this.#peerNameFor(channel)
    const member: ChannelMember = { connection: from, peer, metadata }
    channel.add(member)
    from.place = { kind: 'joined', channel, member }

    const { count } = channel
    this.#outbox.send(from.id, {
      type: 'joined',
      channel: channel.name,
      peer,
      role: others.length === 0 ? 'offerer' : 'answerer',
      count,
      members: others.map((other) => ({ peer: other.peer, metadata: other.metadata })),
      id: frame.id,
    })
    const kept = channel.kept.take()
    for (const text of kept) this.#outbox.sendText(from.id, text)
    // Only a lone member's frames are kept, so that all of them are of the one who is told.
    const replayed = kept.length
    this.#outbox.sendAll(others, { type: 'peer-joined', peer, metadata, count, role: 'offerer', replayed })
    this.#outbox.subscribed(channel, member)
  }

  /** Hands a frame on, keeps it for a peer to come, and answers where an answer is due. */
  relay(from: Connection, { channel, member }: Joined, frame: RelayedFrame): void {
    const text = encodeFrame(relayed(member.peer, frame))
    const receivers = channel.receivers(
      member.peer,
      frame.to,
      frame.type === 'message' ? frame.except : undefined,
    )
    for (const receiver of receivers) this.#outbox.sendText(receiver.connection.id, text)

    if (frame.to === undefined && channel.count === 1 && !channel.kept.keep(frame.type, text)) {
      this.#outbox.refuse(from.id, ErrorCode.bufferFull, frame.id)
      return
    }
    const { to, id } = frame
    const count = receivers.length
    if (id !== undefined || (to !== undefined && count === 0))
      this.#outbox.send(from.id, { type: 'delivered', to, delivered: count > 0, count, id })
  }

  /** Tells the others that a member hung up. */
  hangUp(from: Connection, { channel, member }: Joined, id: number | undefined): void {
    const others = channel.othersThan(member.peer)
    this.#outbox.sendAll(others, { type: 'remote-close', peer: member.peer })
    const count = others.length
    if (id !== undefined) this.#outbox.send(from.id, { type: 'delivered', delivered: count > 0, count, id })
  }

  /** Ends a channel for all its members. */
  end(channel: Channel): void {
    const { members, name } = channel
    this.#channels.delete(name)
    for (const member of members) {
      member.connection.place = outside
      channel.remove(member.peer)
    }
    this.#outbox.sendAll(members, { type: 'left', channel: name, reason: 'hangup' })
    for (const member of members) this.#outbox.unsubscribed(channel, member)
  }

  /** Takes a member out of its channel and tells the others. */
  exit({ channel, member }: Joined): void {
    member.connection.place = outside
    channel.remove(member.peer)
    if (channel.count === 0) this.#channels.delete(channel.name)
    this.#outbox.sendAll(channel.members, { type: 'peer-left', peer: member.peer, count: channel.count })
    this.#outbox.unsubscribed(channel, member)
  }

  /** Empties all channels without a word to their members. */
  clear(): void {
    for (const channel of this.#channels.values()) {
      for (const member of channel.members) {
        channel.remove(member.peer)
        this.#outbox.unsubscribed(channel, member)
      }
    }
    this.#channels.clear()
  }

  #joinFault(channel: Channel | undefined, peer: string | undefined): ErrorCode | null {
    if (channel === undefined)
      return this.#channels.size < this.#limits.channels ? null : ErrorCode.tooManyChannels
    if (channel.count >= this.#limits.members) return ErrorCode.channelFull
    return peer !== undefined && channel.has(peer) ? ErrorCode.peerTaken : null
  }

  #open(name: string): Channel {
    const channel = new Channel(name, new KeptFrames(this.#limits.keptFrames, this.#limits.keptLength))
    this.#channels.set(name, channel)
    return channel
  }

  #peerNameFor(channel: Channel): string {
    let name = this.#newPeerName()
    while (channel.has(name)) name = this.#newPeerName()
    return name
  }
}

/** The frame as its receivers get it: the sender is who the server knows it is. */
function relayed(from: string, frame: RelayedFrame): ServerFrame {
  if (frame.type === 'description') return { type: 'description', from, description: frame.description }
  if (frame.type === 'candidate') return { type: 'candidate', from, candidate: frame.candidate }
  return { type: 'message', from, data: frame.data }
}
