import type { DescriptionType } from '../negotiation/signaling-session.ts'
import { member } from './member.ts'

export type RTCSdpType = DescriptionType

export interface RTCSessionDescriptionInit {
  readonly type: RTCSdpType
  readonly sdp?: string
}

/** What `setLocalDescription` takes: without a type, the one that fits the signaling state is made. */
export interface RTCLocalSessionDescriptionInit {
  readonly type?: RTCSdpType
  readonly sdp?: string
}

/** The type of a description; throws a TypeError for what is none. */
export function sdpTypeOf(description: RTCSessionDescriptionInit | undefined): RTCSdpType {
  if (description?.type === undefined) throw new TypeError('a description needs a type')
  return member(description.type, ['offer', 'pranswer', 'answer', 'rollback'])
}

/** WebRTC §4.6.2. */
export class RTCSessionDescription implements RTCSessionDescriptionInit {
  readonly type: RTCSdpType
  readonly sdp: string

  /** Throws a TypeError where there is no type. */
  constructor(init: RTCSessionDescriptionInit) {
    this.type = sdpTypeOf(init)
    this.sdp = init.sdp ?? ''
  }

  toJSON(): { type: RTCSdpType; sdp: string } {
    return { type: this.type, sdp: this.sdp }
  }
}
