import type { ClientBinaryHeader, ClientFrameOf, RelayedFrame } from '@purertc/signaling-protocol'

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
    body: bodyOf(from, frame),
    bytes: undefined,
    ends: type === 'bye' && closeSessionOnHangup,
  }
}

export function binaryCommand(
  from: string,
  { to, except, n, id }: ClientBinaryHeader,
  bytes: Uint8Array,
): SayCommand {
  const body = JSON.stringify({ type: 'message', from })
  return { topic: 'message', to, except, n, id, body, bytes, ends: false }
}

function bodyOf(from: string, frame: RelayedFrame | ClientFrameOf<'bye'>): string {
  switch (frame.type) {
    case 'message':
      return JSON.stringify({ type: 'message', from, data: frame.data })
    case 'description':
      return JSON.stringify({ type: 'description', from, description: frame.description })
    case 'candidate':
      return JSON.stringify({ type: 'candidate', from, candidate: frame.candidate })
    case 'renegotiate':
      return JSON.stringify({ type: 'renegotiate', from, restart: frame.restart })
    case 'bye':
      return ''
  }
}
