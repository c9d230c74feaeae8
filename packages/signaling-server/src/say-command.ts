import type {
  ClientBinaryHeader,
  ClientFrameOf,
  MessageText,
  RelayedFrame,
} from '@purertc/signaling-protocol'

import type { SayCommand } from './store/channel-store.ts'

/** A frame as its receivers get it: the sender is who the server knows it is. */
export function relayCommand(
  from: string,
  frame: RelayedFrame | ClientFrameOf<'bye'>,
  closeSessionOnHangup: boolean,
): SayCommand {
  const { type, n, id } = frame
  return {
    topic: type,
    to: type === 'bye' ? undefined : frame.to,
    except: type === 'message' ? frame.except : undefined,
    n,
    id,
    body: type === 'bye' ? '' : `${headOf(type, from)}${payloadOf(frame)}`,
    bytes: undefined,
    ends: type === 'bye' && closeSessionOnHangup,
  }
}

/** As {@link relayCommand}, with the data as it was written; `head` is the speaker's {@link messageHead}. */
export function messageCommand(head: string, { to, except, n, id, dataText }: MessageText): SayCommand {
  const body = `${head},"data":${dataText}`
  return { topic: 'message', to, except, n, id, body, bytes: undefined, ends: false }
}

export function binaryCommand(
  head: string,
  { to, except, n, id }: ClientBinaryHeader,
  bytes: Uint8Array,
): SayCommand {
  return { topic: 'message', to, except, n, id, body: head, bytes, ends: false }
}

/** How everything begins that a member says in a `message`. */
export function messageHead(from: string): string {
  return headOf('message', from)
}

function headOf(type: RelayedFrame['type'], from: string): string {
  return `{"type":"${type}","from":${JSON.stringify(from)}`
}

function payloadOf(frame: RelayedFrame): string {
  switch (frame.type) {
    case 'message':
      return `,"data":${JSON.stringify(frame.data)}`
    case 'description':
      return `,"description":${JSON.stringify(frame.description)}`
    case 'candidate':
      return `,"candidate":${JSON.stringify(frame.candidate)}`
    case 'renegotiate':
      return frame.restart === undefined ? '' : `,"restart":${frame.restart}`
  }
}
