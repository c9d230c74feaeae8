import type { TcpType } from '../candidate.ts'
import type { AddressFilter } from './interface-addresses.ts'
import type { UdpMux } from './udp-mux.ts'

export interface IceSocketsOptions extends AddressFilter {
  /** Ports to bind, both ends included. Default: what the system gives. */
  readonly portRange?: { readonly min: number; readonly max: number }
  /** Bytes of kernel buffer of each socket and direction. Default 1 MiB; the system may allow less. */
  readonly bufferSize?: number
  /** PEM certificates of whom to trust about TURN servers over TLS, in place of the system's authorities. */
  readonly authorities?: readonly string[]
  /** Candidates over TCP, RFC 6544: of which types there is one for each address. Default none. */
  readonly tcp?: readonly TcpType[]
  /** Whether there are candidates over UDP. Default true. */
  readonly udp?: boolean
  /** The one UDP port that this agent shares with others, in place of sockets of its own. */
  readonly mux?: UdpMux
  /**
   * The public addresses of a static 1:1 NAT, by local address: each socket gets a server-reflexive candidate there, with its
   * own port. Cloud machines have such addresses.
   */
  readonly publicAddresses?: Readonly<Record<string, string>>
}
