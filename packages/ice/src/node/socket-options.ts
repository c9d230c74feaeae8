import type { TcpType } from '../candidate.ts'
import type { AddressFilter } from './interface-addresses.ts'
import type { PortMappingOptions } from './port-mapping/port-mapper.ts'
import type { UdpMux } from './udp-mux.ts'

export interface IceSocketsOptions extends AddressFilter {
  /** Milliseconds between looks at the addresses of this machine, with `continualGathering`. Default 2,000. */
  readonly interfaceInterval?: number
  /** Ports to bind, both ends included. Default: what the system gives. */
  readonly portRange?: { readonly min: number; readonly max: number }
  /** Bytes of kernel buffer of each socket and direction. Default 4 MiB; the system may allow less. */
  readonly bufferSize?: number
  /** PEM certificates of whom to trust about TURN servers over TLS, in place of the system's authorities. */
  readonly authorities?: readonly string[]
  /** Candidates over TCP, RFC 6544: of which types there is one for each address. Default none. */
  readonly tcp?: readonly TcpType[]
  /** Whether there are candidates over UDP. Default true. */
  readonly udp?: boolean
  /**
   * Names in place of addresses, over multicast DNS (draft-ietf-mmusic-mdns-ice-candidates). `resolve` (the default) asks the
   * link for the addresses behind a peer's; `hide` gives our own host candidates such names, too; `off` does neither.
   * Sockets for it are opened when a name has to be asked for, or answered for.
   */
  readonly mdns?: 'resolve' | 'hide' | 'off'
  /** The one UDP port that this agent shares with others, in place of sockets of its own. */
  readonly mux?: UdpMux
  /**
   * Whether the router is asked to let each UDP socket be reached from outside, by PCP (RFC 6887), NAT-PMP (RFC 6886) or UPnP. What it
   * grants is a server-reflexive candidate, renewed while the sockets are open and given back with them. Gathering waits
   * for a router that says nothing, two seconds at most. Default false.
   */
  readonly portMapping?: boolean | PortMappingOptions
  /**
   * The public addresses of a static 1:1 NAT, by local address: each socket gets a server-reflexive candidate there, with its
   * own port. Cloud machines have such addresses.
   */
  readonly publicAddresses?: Readonly<Record<string, string>>
}
