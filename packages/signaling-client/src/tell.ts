import type { ServerFrame } from '@purertc/signaling-protocol'

import { SignalingClientError } from './client-error.ts'
import type { SignalingClientEvents } from './events.ts'

/** Hears everything that a client tells its listeners. */
export type Tell = <Name extends keyof SignalingClientEvents>(
  name: Name,
  event: SignalingClientEvents[Name],
) => void

/** Tells of a frame of the server's, which may be the answer that somebody waited for. */
export function tellOfFrame(frame: ServerFrame, isAnswer: boolean, tell: Tell): void {
  if (frame.type === 'peer-joined') tell('peerJoined', frame)
  else if (frame.type === 'peer-left') tell('peerLeft', frame)
  else if (frame.type === 'remote-close') tell('remoteClose', frame)
  else if (frame.type === 'ice-servers') tell('iceServers', frame)
  else if (frame.type === 'delivered') {
    // One with a number that nobody waits for was answered before the connection broke.
    if (frame.id === undefined && !frame.delivered) tell('undelivered', { to: frame.to })
  } else if (frame.type === 'error') {
    if (!isAnswer) tell('error', SignalingClientError.fromServer(frame.code, frame.message))
  } else if (frame.type !== 'pong' && frame.type !== 'ack') tell(frame.type, frame)
}
