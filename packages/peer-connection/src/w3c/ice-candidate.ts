import type { IceCandidate } from '@purertc/ice'

export interface RTCIceCandidateInit {
  readonly candidate?: string
  readonly sdpMid?: string | null
  readonly sdpMLineIndex?: number | null
  readonly usernameFragment?: string | null
}

export type RTCIceServerTransportProtocol = 'udp' | 'tcp' | 'tls'

/** Where a local candidate comes from, which its line does not tell. */
export interface CandidateOrigin {
  /** How its TURN server is reached. */
  readonly relayProtocol?: RTCIceServerTransportProtocol | null
  /** Of the STUN or TURN server. */
  readonly url?: string | null
}

export type RTCIceComponent = 'rtp' | 'rtcp'
export type RTCIceProtocol = 'udp' | 'tcp'
export type RTCIceCandidateType = 'host' | 'srflx' | 'prflx' | 'relay'
export type RTCIceTcpCandidateType = 'active' | 'passive' | 'so'

/** WebRTC §4.8.1: a candidate line with its section, and its fields where the line is well-formed. */
export class RTCIceCandidate implements RTCIceCandidateInit {
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
  readonly foundation: string | null
  readonly component: RTCIceComponent | null
  readonly priority: number | null
  readonly address: string | null
  readonly protocol: RTCIceProtocol | null
  readonly port: number | null
  readonly type: RTCIceCandidateType | null
  readonly tcpType: RTCIceTcpCandidateType | null
  readonly relatedAddress: string | null
  readonly relatedPort: number | null
  readonly usernameFragment: string | null
  /** Of a local relayed candidate: how its TURN server is reached. */
  readonly relayProtocol: RTCIceServerTransportProtocol | null
  /** Of a local candidate that a STUN or TURN server gave. */
  readonly url: string | null

  /** Throws a TypeError where neither `sdpMid` nor `sdpMLineIndex` says what section it belongs to. */
  constructor(init: RTCIceCandidateInit & CandidateOrigin = {}) {
    this.candidate = init.candidate ?? ''
    this.sdpMid = init.sdpMid ?? null
    this.sdpMLineIndex = init.sdpMLineIndex ?? null
    if (this.sdpMid === null && this.sdpMLineIndex === null)
      throw new TypeError('a candidate needs sdpMid or sdpMLineIndex')
    const fields = candidateFields(this.candidate)
    this.foundation = fields?.foundation ?? null
    this.component = fields === null ? null : fields.component === 2 ? 'rtcp' : 'rtp'
    this.priority = fields?.priority ?? null
    this.address = fields?.address ?? null
    this.protocol = fields?.protocol ?? null
    this.port = fields?.port ?? null
    this.type = fields?.type ?? null
    this.tcpType = (fields?.extensions.get('tcptype') ?? null) as RTCIceTcpCandidateType | null
    this.relatedAddress = fields?.extensions.get('raddr') ?? null
    const relatedPort = fields?.extensions.get('rport')
    this.relatedPort = relatedPort === undefined ? null : Number(relatedPort)
    this.usernameFragment = init.usernameFragment ?? fields?.extensions.get('ufrag') ?? null
    this.relayProtocol = init.relayProtocol ?? null
    this.url = init.url ?? null
  }

  toJSON(): RTCIceCandidateInit {
    const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = this
    return { candidate, sdpMid, sdpMLineIndex, usernameFragment }
  }
}

/** What the agent knows of its own candidate. */
export function originOf({ relayProtocol, url }: IceCandidate): CandidateOrigin {
  return { relayProtocol: relayProtocol ?? null, url: url ?? null }
}

/** The fields of a candidate line, those of candidates that this agent does not use (TCP) included. */
export interface CandidateFields {
  readonly foundation: string
  readonly component: number
  readonly protocol: RTCIceProtocol
  readonly priority: number
  readonly address: string
  readonly port: number
  readonly type: RTCIceCandidateType
  readonly extensions: ReadonlyMap<string, string>
}

/** Reads a line by the grammar of RFC 8839 §5.1; null where it does not fit. */
export function candidateFields(line: string): CandidateFields | null {
  const match = line.length > MAX_LINE ? null : CANDIDATE.exec(line)
  if (match === null) return null
  const [, foundation = '', component, protocol = '', priority, address = '', port, type, rest = ''] = match
  const words = rest.split(' ').filter((word) => word !== '')
  const extensions = new Map<string, string>()
  for (let i = 0; i + 1 < words.length; i += 2) extensions.set(words[i] ?? '', words[i + 1] ?? '')
  return {
    foundation,
    component: Number(component),
    protocol: protocol.toLowerCase() as RTCIceProtocol,
    priority: Number(priority),
    address,
    port: Number(port),
    type: type as RTCIceCandidateType,
    extensions,
  }
}

const CANDIDATE =
  /^(?:a=)?candidate:([0-9A-Za-z+/]{1,32}) (\d{1,5}) (udp|tcp) (\d{1,10}) (\S{1,255}) (\d{1,5}) typ (host|srflx|prflx|relay)((?: \S+ \S*)*)\s*$/i
const MAX_LINE = 2_048
