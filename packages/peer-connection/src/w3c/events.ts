import type { CandidateError } from '@purertc/ice'

import type { RTCError } from '../errors.ts'
import type { RTCDataChannel } from './data-channel.ts'
import type { RTCDatagramChannel } from './datagram-channel.ts'
import type { RTCIceCandidate } from './ice-candidate.ts'

/** WebRTC §13.1, without what is about media. */
export interface RTCPeerConnectionEventMap {
  negotiationneeded: Event
  icecandidate: RTCPeerConnectionIceEvent
  icecandidateerror: RTCPeerConnectionIceErrorEvent
  signalingstatechange: Event
  iceconnectionstatechange: Event
  icegatheringstatechange: Event
  connectionstatechange: Event
  datachannel: RTCDataChannelEvent
  datagramchannel: RTCDatagramChannelEvent
}

/** WebRTC §13.2. */
export interface RTCDataChannelEventMap {
  open: Event
  message: MessageEvent
  messagestream: RTCMessageStreamEvent
  bufferedamountlow: Event
  closing: Event
  close: Event
  error: RTCErrorEvent
}

/** WebRTC §4.8.2. A null candidate ends the gathering. */
export class RTCPeerConnectionIceEvent extends Event {
  readonly candidate: RTCIceCandidate | null
  readonly url: string | null

  constructor(type: string, init: { candidate?: RTCIceCandidate | null; url?: string | null } = {}) {
    super(type)
    this.candidate = init.candidate ?? null
    this.url = init.url ?? null
  }
}

/** WebRTC §4.8.3: a STUN or TURN server refused, or did not answer (`errorCode` 701). */
export class RTCPeerConnectionIceErrorEvent extends Event {
  readonly address: string | null
  readonly port: number | null
  readonly url: string
  readonly errorCode: number
  readonly errorText: string

  constructor(
    type: string,
    init: {
      address?: string | null
      port?: number | null
      url?: string
      errorCode: number
      errorText?: string
    },
  ) {
    super(type)
    this.address = init.address ?? null
    this.port = init.port ?? null
    this.url = init.url ?? ''
    this.errorCode = init.errorCode
    this.errorText = init.errorText ?? ''
  }
}

/** WebRTC §6.3. */
export class RTCDataChannelEvent extends Event {
  readonly channel: RTCDataChannel

  constructor(type: string, init: { channel: RTCDataChannel }) {
    super(type)
    this.channel = init.channel
  }
}

/** A message that is larger than 256 KiB comes, `stream` as its parts arrive. Not in the W3C API. */
export class RTCMessageStreamEvent extends Event {
  readonly stream: ReadableStream<Uint8Array>
  /** Whether the parts together are UTF-8 text. */
  readonly isText: boolean

  constructor(type: string, init: { stream: ReadableStream<Uint8Array>; isText: boolean }) {
    super(type)
    this.stream = init.stream
    this.isText = init.isText
  }
}

/** The peer accepted, or offered, datagrams in place of data channels. Not in the W3C API. */
export class RTCDatagramChannelEvent extends Event {
  readonly channel: RTCDatagramChannel

  constructor(type: string, init: { channel: RTCDatagramChannel }) {
    super(type)
    this.channel = init.channel
  }
}

/** WebRTC §10.2. */
export class RTCErrorEvent extends Event {
  readonly error: RTCError

  constructor(type: string, init: { error: RTCError }) {
    super(type)
    this.error = init.error
  }
}

/** Of a server that refused, or did not answer. `isHidden`: no candidate tells the address, so this does not either. */
export function candidateErrorEvent(
  { base, url, code, text }: CandidateError,
  isHidden: boolean,
): RTCPeerConnectionIceErrorEvent {
  const { address, port } = isHidden ? { address: null, port: null } : base
  return new RTCPeerConnectionIceErrorEvent('icecandidateerror', {
    address,
    port,
    url: url ?? '',
    errorCode: code,
    errorText: text,
  })
}

/** Of a server that could not even be asked. */
export function serverErrorEvent(url: string, errorText: string): RTCPeerConnectionIceErrorEvent {
  return new RTCPeerConnectionIceErrorEvent('icecandidateerror', { url, errorCode: 701, errorText })
}
