import {
  type ClientBinaryHeader,
  type ClientFrameOf,
  dataTextOf,
  type RelayedFrame,
} from '@purertc/signaling-protocol'

import type { SayCommand } from './store/channel-store.ts'

/** A frame as its receivers get it: the sender is who the server knows it is. `text` is what it was read from. */
export function relayCommand(
  from: string,
  frame: RelayedFrame | ClientFrameOf<'bye'>,
  text: string,
  closeSessionOnHangup: boolean,
): SayCommand {
  const { type, n, id } = frame
  return {
    topic: type,
    to: type === 'bye' ? undefined : frame.to,
    except: type === 'message' ? frame.except : undefined,
    n,
    id,
    body: type === 'bye' ? '' : `{"type":"${type}","from":${JSON.stringify(from)}${payloadOf(frame, text)}`,
    bytes: undefined,
    ends: type === 'bye' && closeSessionOnHangup,
  }
}

export function binaryCommand(
  from: string,
  { to, except, n, id }: ClientBinaryHeader,
  bytes: Uint8Array,
): SayCommand {
  const body = `{"type":"message","from":${JSON.stringify(from)}`
  return { topic: 'message', to, except, n, id, body, bytes, ends: false }
}

function payloadOf(frame: RelayedFrame, text: string): string {
  switch (frame.type) {
    case 'message':
      return `,"data":${dataTextOf(text) ?? JSON.stringify(frame.data)}`
    case 'description':
      return `,"description":${JSON.stringify(frame.description)}`
    case 'candidate':
      return `,"candidate":${JSON.stringify(frame.candidate)}`
    case 'renegotiate':
      return frame.restart === undefined ? '' : `,"restart":${frame.restart}`
  }
}
