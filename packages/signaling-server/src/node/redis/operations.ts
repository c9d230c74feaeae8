import { ErrorCode } from '@purertc/signaling-protocol'

import type {
  JoinCommand,
  JoinFault,
  JoinOutcome,
  ResumeCommand,
  SayCommand,
  SayOutcome,
} from '../../store/channel-store.ts'
import { FIELD } from './record.ts'

/** What is asked of Redis, and what to do with the answer. */
export interface Operation {
  readonly args: readonly string[]
  /** `null` when it could not be asked. */
  settle(result: string | null): void
}

export function joinOperation(
  session: string,
  { channel, peer, member, isResumable, id }: JoinCommand,
  done: (outcome: JoinOutcome) => void,
): Operation {
  return {
    args: ['J', session, channel, peer, member, isResumable ? '1' : '0', numberOf(id)],
    settle: (result) => {
      const [channel = '', seq] = (result ?? ErrorCode.unavailable).split(FIELD)
      if (seq === undefined) done({ fault: channel as JoinFault })
      else done({ fault: null, channel, seq: Number(seq) })
    },
  }
}

export function sayOperation(
  session: string,
  said: SayCommand,
  done: (session: string, said: SayCommand, outcome: SayOutcome) => void,
): Operation {
  const { topic, to = '', except = '', n, id, ends, body, bytes } = said
  const data = bytes === undefined ? '' : Buffer.from(bytes).toString('base64')
  return {
    args: [
      'S',
      session,
      topic,
      to,
      except,
      numberOf(n),
      ends ? '1' : '0',
      [numberOf(id), data, body].join(FIELD),
    ],
    settle: (result) => done(session, said, sayOutcome(result)),
  }
}

export function leaveOperation(session: string, done: (count: number) => void): Operation {
  return { args: ['L', session], settle: (result) => done(Number(result ?? 0)) }
}

/** Answered through the inbox. */
export function resumeOperation(
  session: string,
  { seq, unanswered }: ResumeCommand,
  failed: () => void,
): Operation {
  return {
    args: ['R', session, numberOf(seq), numberOf(unanswered)],
    settle: (result) => {
      if (result === null) failed()
    },
  }
}

function sayOutcome(result: string | null): SayOutcome {
  if (result === null) return { kind: 'refused', fault: ErrorCode.unavailable }
  if (result === 'r') return { kind: 'repeated' }
  if (result === 'f') return { kind: 'refused', fault: ErrorCode.bufferFull }
  if (result === 'x') return { kind: 'refused', fault: ErrorCode.notJoined }
  return { kind: 'accepted', count: Number(result) }
}

function numberOf(value: number | undefined): string {
  return value === undefined ? '' : value.toString()
}
