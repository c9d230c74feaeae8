import type { DescriptionType } from '../negotiation/signaling-session.ts'

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

/** WebRTC §4.6.2. */
export class RTCSessionDescription implements RTCSessionDescriptionInit {
  readonly type: RTCSdpType
  readonly sdp: string

  constructor(init: RTCSessionDescriptionInit) {
    this.type = init.type
    this.sdp = init.sdp ?? ''
  }

  toJSON(): { type: RTCSdpType; sdp: string } {
    return { type: this.type, sdp: this.sdp }
  }
}
