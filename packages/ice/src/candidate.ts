import type { RelayProtocol } from './server-address.ts'

/**
 * Candidates, RFC 8445 §5.1 and RFC 6544 §4.5: a transport address with what the peer must know to check it. Only component 1:
 * WebRTC multiplexes RTP and RTCP (RFC 8834), and data channels have one component anyway.
 */
export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay'

/** Who opens the connection, RFC 6544 §4.5: this end, the other, or both at the same time. */
export type TcpType = 'active' | 'passive' | 'so'

export interface IceCandidate {
  /** 1 to 32 of ALPHA, DIGIT, `+` and `/`; equal for candidates of one type, base and server (RFC 8445 §5.1.1.3). */
  readonly foundation: string
  readonly component: 1
  readonly transport: 'udp' | 'tcp'
  /** Of TCP candidates, and of them alone. */
  readonly tcpType?: TcpType
  /** 1 to 2^32 - 1, the higher the better. */
  readonly priority: number
  /** An IP address; of a remote host candidate possibly an mDNS name (`….local`). */
  readonly address: string
  readonly port: number
  readonly type: CandidateType
  /** Base of a reflexive, mapped address of a relayed candidate. For diagnostics alone. */
  readonly relatedAddress?: string
  readonly relatedPort?: number
  /** The ICE session that the candidate belongs to, RFC 8839 §5.1 `ufrag`. */
  readonly usernameFragment?: string
  /** Of a local relayed candidate: how this agent reaches its relay. Not signalled. */
  readonly relayProtocol?: RelayProtocol
  /** Of a local candidate: the server that it comes from, as the application calls it. Not signalled. */
  readonly url?: string
  /** All extension pairs of a parsed line in their order, `ufrag` among them. */
  readonly extensions?: readonly (readonly [name: string, value: string])[]
}
