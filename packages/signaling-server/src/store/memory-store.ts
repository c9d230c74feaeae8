import { ErrorCode } from '@purertc/signaling-protocol'

import {
  type ChannelStore,
  type ChannelStoreHost,
  type JoinCommand,
  type JoinFault,
  type JoinOutcome,
  missedBy,
  type ResumeCommand,
  type ResumeOutcome,
  type SayCommand,
  type StoreLimits,
} from './channel-store.ts'
import { MemoryChannel, type MemoryMember } from './memory-channel.ts'

/** Channels of one process, in its memory: every command is through when its call returns. */
export class MemoryStore implements ChannelStore {
  readonly isReady = true
  readonly #channels: Map<string, MemoryChannel> = new Map()
  readonly #members: Map<string, MemoryMember> = new Map()
  #host: ChannelStoreHost | undefined
  #limits: StoreLimits | undefined
  #lives = 0

  open(host: ChannelStoreHost, limits: StoreLimits): void {
    this.#host = host
    this.#limits = limits
  }

  join(session: string, request: JoinCommand, done: (outcome: JoinOutcome) => void): void {
    const existing = this.#channels.get(request.channel)
    const fault = this.#joinFault(existing, request.peer)
    if (fault === null) this.#enter(existing ?? this.#begin(request.channel), session, request, done)
    else done({ fault })
  }

  say(session: string, said: SayCommand): void {
    const host = this.#openHost
    const member = this.#members.get(session)
    if (member === undefined || member.channel.members.get(member.peer) !== member) {
      host.said(session, said, { kind: 'refused', fault: ErrorCode.notJoined })
      return
    }
    const { channel, peer } = member
    const { n, to } = said
    if (n !== undefined && n <= member.received) {
      host.said(session, said, { kind: 'repeated' })
      return
    }
    const isLone = to === undefined && channel.members.size === 1 && said.topic !== 'bye'
    if (isLone && !channel.kept.keep(said)) {
      host.said(session, said, { kind: 'refused', fault: ErrorCode.bufferFull })
      return
    }
    if (n !== undefined) member.received = n
    const count = countOf(channel, peer, said)
    const seq = channel.nextSeq()
    const { except, id, body, bytes } = said
    host.deliver(
      channel.id,
      channel.append(
        said.topic === 'bye'
          ? { kind: 'bye', seq, from: peer, n, id, count }
          : { kind: 'said', seq, from: peer, to, except, n, id, count, body, bytes },
      ),
    )
    host.said(session, said, { kind: 'accepted', count })
    if (said.ends) this.#end(channel)
  }

  leave(session: string, done: (count: number) => void): void {
    const member = this.#members.get(session)
    this.#members.delete(session)
    const channel = member?.channel
    if (
      channel?.members.get(member?.peer ?? '') !== member ||
      member === undefined ||
      channel === undefined
    ) {
      done(0)
      return
    }
    channel.members.delete(member.peer)
    if (member.isResumable) channel.resumable--
    const count = channel.members.size
    if (count === 0) this.#channels.delete(channel.name)
    else {
      const event = { kind: 'leave', seq: channel.nextSeq(), peer: member.peer, count } as const
      this.#openHost.deliver(channel.id, channel.append(event))
    }
    done(count)
  }

  resume(session: string, request: ResumeCommand, done: (outcome: ResumeOutcome) => void): void {
    const member = this.#members.get(session)
    const after = member && (request.seq ?? member.joinedAt - 1)
    if (member === undefined || after === undefined || !member.channel.log.reaches(after)) {
      this.leave(session, () => done({ fault: ErrorCode.resumeFailed }))
      return
    }
    const { channel, peer, received } = member
    const membership = { channel: channel.id, name: channel.name, peer, received }
    done({ fault: null, membership, ...missedBy(channel.log.events, peer, after, request) })
  }

  acknowledge(session: string, seq: number): void {
    const member = this.#members.get(session)
    if (member === undefined || seq <= member.acknowledged) return
    member.acknowledged = seq
    member.channel.trim()
  }

  membersOf(channel: string, done: (peers: readonly string[]) => void): void {
    done([...(this.#channels.get(channel)?.members.keys() ?? [])])
  }

  close(): Promise<void> {
    this.#channels.clear()
    this.#members.clear()
    return Promise.resolve()
  }

  get #openHost(): ChannelStoreHost {
    if (this.#host === undefined) throw new Error('open the store first')
    return this.#host
  }

  #joinFault(channel: MemoryChannel | undefined, peer: string): JoinFault | null {
    const { channels = 0, members = 0 } = this.#limits ?? {}
    if (channel === undefined) return this.#channels.size < channels ? null : ErrorCode.tooManyChannels
    if (channel.members.size >= members) return ErrorCode.channelFull
    return channel.members.has(peer) ? ErrorCode.peerTaken : null
  }

  #begin(name: string): MemoryChannel {
    if (this.#limits === undefined) throw new Error('open the store first')
    const channel = new MemoryChannel(`${++this.#lives}`, name, this.#limits)
    this.#channels.set(name, channel)
    return channel
  }

  #enter(
    channel: MemoryChannel,
    session: string,
    { peer, member, isResumable, id }: JoinCommand,
    done: (outcome: JoinOutcome) => void,
  ): void {
    const host = this.#openHost
    const members = `[${[...channel.members.values()].map((other) => other.member).join()}]`
    const seq = channel.nextSeq()
    const [speaker] = channel.members.keys()
    const acknowledged = isResumable ? seq - 1 : Infinity
    const entry = { session, channel, peer, member, joinedAt: seq, received: 0, isResumable, acknowledged }
    channel.members.set(peer, entry)
    if (isResumable) channel.resumable++
    this.#members.set(session, entry)
    // Only a lone member's frames are kept, so that all of them are of the one who was first.
    const kept = channel.hasKept ? channel.kept.take() : []
    const count = channel.members.size
    const replayed = kept.length
    host.deliver(
      channel.id,
      channel.append({ kind: 'join', seq, session, peer, member, members, count, replayed, id }),
    )
    for (const { body, bytes } of kept) {
      const said = { to: peer, except: undefined, n: undefined, id: undefined, count: 1, body, bytes }
      const event = { kind: 'said', seq: channel.nextSeq(), from: speaker ?? '', ...said } as const
      host.deliver(channel.id, channel.append(event))
    }
    done({ fault: null, channel: channel.id, seq })
  }

  /** The members stay known until each has left, so that who is away hears of the end when it comes back. */
  #end(channel: MemoryChannel): void {
    this.#channels.delete(channel.name)
    const event = channel.append({ kind: 'end', seq: channel.nextSeq() } as const)
    this.#openHost.deliver(channel.id, event)
    channel.members.clear()
  }
}

function countOf(channel: MemoryChannel, self: string, { to, except }: SayCommand): number {
  const { members } = channel
  if (to !== undefined) return to !== self && members.has(to) ? 1 : 0
  return members.size - 1 - (except !== undefined && except !== self && members.has(except) ? 1 : 0)
}
