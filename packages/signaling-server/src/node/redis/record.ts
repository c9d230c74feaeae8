import type { ChannelEvent, ChannelId } from '../../store/channel-event.ts'
import { type Membership, missedBy, type ResumeOutcome } from '../../store/channel-store.ts'

/** What comes out of an inbox. */
export type InboxRecord =
  | { readonly kind: 'event'; readonly channel: ChannelId; readonly event: ChannelEvent }
  | { readonly kind: 'resumed'; readonly session: string; readonly outcome: ResumeOutcome }
  | { readonly kind: 'revoked'; readonly session: string }
  | { readonly kind: 'adopted'; readonly session: string; readonly membership: Membership }

/** Reads an entry of an inbox; `unansweredOf` is asked what a resumption wanted to know. */
export function readInbox(
  text: string,
  unansweredOf: (session: string) => number | undefined,
): readonly InboxRecord[] {
  const records = text.split(RECORD)
  const read: InboxRecord[] = []
  for (let at = 0; at < records.length; at++) {
    const fields = (records[at] ?? '').split(FIELD)
    const [tag = '', first = ''] = fields
    if (tag === 'r') {
      const count = Number(fields[3])
      const entries = records.slice(at + 1, at + 1 + count)
      read.push({ kind: 'resumed', session: first, outcome: readResumption(fields, entries, unansweredOf) })
      at += count
    } else if (tag === 'v') read.push({ kind: 'revoked', session: first })
    else if (tag === 'a') {
      const [, , channel = '', name = '', peer = '', received = '0'] = fields
      const membership = { channel, name, peer, received: Number(received) }
      read.push({ kind: 'adopted', session: first, membership })
    } else read.push({ kind: 'event', channel: first, event: readEvent(fields) })
  }
  return read
}

function readResumption(
  [, session = '', fault = '', , channel = '', name = '', peer = '', received = '0', after = '0']: string[],
  entries: readonly string[],
  unansweredOf: (session: string) => number | undefined,
): ResumeOutcome {
  if (fault !== '') return { fault: 'resume-failed' }
  const events = entries.map((entry) => readEvent(entry.split(FIELD)))
  const membership = { channel, name, peer, received: Number(received) }
  const unanswered = unansweredOf(session)
  return { fault: null, membership, ...missedBy(events, peer, Number(after), { seq: undefined, unanswered }) }
}

function readEvent(fields: readonly string[]): ChannelEvent {
  const text = (at: number): string => fields[at] ?? ''
  const number = (at: number): number | undefined => (fields[at] ? Number(fields[at]) : undefined)
  const name = (at: number): string | undefined => (fields[at] === '' ? undefined : fields[at])
  const seq = Number(fields[2])
  switch (fields[0]) {
    case 's':
      return {
        kind: 'said',
        seq,
        count: Number(text(3)),
        from: text(4),
        to: name(5),
        except: name(6),
        n: number(7),
        id: number(8),
        bytes: fields[9] ? new Uint8Array(Buffer.from(fields[9], 'base64')) : undefined,
        body: text(10),
      }
    case 'j':
      return {
        kind: 'join',
        seq,
        session: text(3),
        peer: text(4),
        member: text(5),
        members: text(6),
        count: Number(text(7)),
        replayed: Number(text(8)),
        id: number(9),
      }
    case 'b':
      return { kind: 'bye', seq, count: Number(text(3)), from: text(4), n: number(7), id: number(8) }
    case 'l':
      return { kind: 'leave', seq, peer: text(3), count: Number(text(4)) }
    case 'e':
      return { kind: 'end', seq }
    default:
      throw new Error(`a record of an unknown kind: ${text(0).slice(0, 8)}`)
  }
}

export const FIELD = '\u001f'
export const RECORD = '\u001e'
