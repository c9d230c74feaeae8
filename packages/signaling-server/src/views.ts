import { joinBinaryFrame } from '@purertc/signaling-protocol'

import type { ByeEvent, ChannelEvent, JoinEvent, SaidEvent } from './store/channel-event.ts'

/** A frame on the wire. */
export type Wire = string | Uint8Array

/** What those who hear it get; the same for all of them. */
export function viewOfSaid({ body, bytes, seq }: SaidEvent): Wire {
  const text = `${body},"seq":${seq}}`
  return bytes === undefined ? text : joinBinaryFrame(text, bytes)
}

/** What the newcomer gets. */
export function viewOfOwnJoin({ peer, members, count, seq, id }: JoinEvent, channel: string): string {
  const isFirst = count === 1
  return (
    `{"type":"joined","channel":${JSON.stringify(channel)},"peer":${JSON.stringify(peer)},` +
    `"role":"${isFirst ? 'offerer' : 'answerer'}","polite":${!isFirst},"count":${count},` +
    `"members":${members},"seq":${seq}${idOf(id)}}`
  )
}

/** What those get who were there. */
export function viewOfJoin({ member, count, replayed, seq }: JoinEvent): string {
  return (
    `{"type":"peer-joined",${member.slice(1, -1)},"count":${count},` +
    `"role":"offerer","polite":false,"replayed":${replayed},"seq":${seq}}`
  )
}

export function viewOfBye({ from, seq }: ByeEvent): string {
  return `{"type":"remote-close","peer":${JSON.stringify(from)},"seq":${seq}}`
}

/** The answer to its speaker; `null` where none is due. */
export function answerTo(id: number | undefined, to: string | undefined, count: number): string | null {
  if (id === undefined && (to === undefined || count > 0)) return null
  const receiver = to === undefined ? '' : `"to":${JSON.stringify(to)},`
  return `{"type":"delivered",${receiver}"delivered":${count > 0},"count":${count}${idOf(id)}}`
}

/** What one member hears of an event: nothing where it does not concern it. */
export function viewOf(event: ChannelEvent, self: string, session: string, channel: string): Wire | null {
  switch (event.kind) {
    case 'join':
      return event.session === session ? viewOfOwnJoin(event, channel) : viewOfJoin(event)
    case 'said':
      return event.from === self ? answerTo(event.id, event.to, event.count) : viewOfSaid(event)
    case 'bye':
      return event.from === self ? answerTo(event.id, undefined, event.count) : viewOfBye(event)
    case 'leave':
      return `{"type":"peer-left","peer":${JSON.stringify(event.peer)},"count":${event.count},"seq":${event.seq}}`
    case 'end':
      return `{"type":"left","channel":${JSON.stringify(channel)},"reason":"hangup","seq":${event.seq}}`
  }
}

function idOf(id: number | undefined): string {
  return id === undefined ? '' : `,"id":${id}`
}
