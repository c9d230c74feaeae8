import type { InterfaceAddress, InterfaceKind, PortMappingOptions, UdpMux } from '@purertc/ice/node'

import { isIpAddress } from '@purertc/stun'

import { invalidAccess, invalidModification, notSupported } from '../errors.ts'
import type { RTCIceTcpCandidateType } from './ice-candidate.ts'
import { checkIceServers, type RTCIceServer } from './ice-servers.ts'
import { member } from './member.ts'
import type { DtlsOptions, IceOptions } from '../transport/peer-transport-config.ts'
import type { RTCCertificate } from './certificate.ts'
import type { TransportHooks } from './transport-hooks.ts'

export type RTCIceTransportPolicy = 'all' | 'relay'
export type RTCBundlePolicy = 'balanced' | 'max-compat' | 'max-bundle'
export type RTCRtcpMuxPolicy = 'require'

/** WebRTC §4.2.1, and what only this implementation has. */
export interface RTCConfiguration {
  readonly iceServers?: readonly RTCIceServer[]
  /** `relay` keeps this end's addresses from the peer. Default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy
  readonly bundlePolicy?: RTCBundlePolicy
  readonly rtcpMuxPolicy?: RTCRtcpMuxPolicy
  /** Of `RTCPeerConnection.generateCertificate`; by default one is made for this connection alone. */
  readonly certificates?: readonly RTCCertificate[]
  /** Only 0 is supported: candidates are gathered when a description is set. */
  readonly iceCandidatePoolSize?: number
  /**
   * Whether SCTP does without a handshake where the peer knows how, which saves up to two round trips: descriptions then
   * carry `a=sctp-init` (draft-hancke-tsvwg-snap). Default false. Not in the W3C API.
   */
  readonly sctpSnap?: boolean
  /**
   * Whether messages of any size are taken: one that is larger than 256 KiB comes as a `messagestream` event of its
   * channel, while it arrives. Default false: nobody sends any. Not in the W3C API.
   */
  readonly messageStreams?: boolean
  /** Not in the W3C API. */
  readonly network?: NetworkOptions
  /** Not in the W3C API: versions and groups that DTLS may agree on, and where it tells its keys. */
  readonly dtls?: DtlsOptions
  /** Not in the W3C API: what ICE does beyond what every peer knows. */
  readonly ice?: IceOptions
  /** Not in the W3C API. */
  readonly hooks?: TransportHooks
}

/** Which local addresses are used, and how. */
export interface NetworkOptions {
  /** Exactly these addresses, in this order of preference. Default: those of all interfaces. */
  readonly addresses?: readonly string[]
  /** Whether loopback addresses are candidates: for peers of one machine. Default false. */
  readonly includeLoopback?: boolean
  /** Default both. */
  readonly families?: readonly ('IPv4' | 'IPv6')[]
  /** Names of interfaces whose addresses are used. Default all. */
  readonly interfaces?: readonly string[]
  /** Kinds of interfaces, as far as their names tell. Default all. */
  readonly interfaceKinds?: readonly InterfaceKind[]
  /** False: the address is not used. Asked about what the other filters let through. */
  readonly acceptAddress?: (address: InterfaceAddress) => boolean
  /** Milliseconds between looks at the addresses of this machine, with `ice.continualGathering`. Default 2,000. */
  readonly interfaceInterval?: number
  /** Ports to bind, both ends included. Default: what the system gives. */
  readonly portRange?: { readonly min: number; readonly max: number }
  /** Bytes of kernel buffer of each socket and direction. */
  readonly bufferSize?: number
  /** PEM certificates of whom to trust about TURN servers over TLS, in place of the system's authorities. */
  readonly authorities?: readonly string[]
  /** Candidates over TCP, RFC 6544: of which types there is one for each address. Default none. */
  readonly tcp?: readonly RTCIceTcpCandidateType[]
  /** Whether there are candidates over UDP. Default true. */
  readonly udp?: boolean
  /**
   * `resolve` (the default): `.local` names of a peer are asked for over multicast DNS. `hide`: our host candidates
   * have such names, too, so that a page of text does not tell our addresses. `off`: neither.
   */
  readonly mdns?: 'resolve' | 'hide' | 'off'
  /** The one UDP port that this connection shares with others, in place of sockets of its own. */
  readonly mux?: UdpMux
  /**
   * Whether the router is asked to let this end be reached from outside, by PCP, NAT-PMP or UPnP. Gathering waits for a
   * router that says nothing, two seconds at most. Default false.
   */
  readonly portMapping?: boolean | PortMappingOptions
  /** The public addresses of a static 1:1 NAT, by local address. */
  readonly publicAddresses?: Readonly<Record<string, string>>
  /**
   * Bytes of the largest DTLS datagram, held fixed. By default it starts at 1200, which passes every path, and grows to
   * what the path carries (RFC 8899).
   */
  readonly mtu?: number
  /**
   * Whether the event loop stays awake for up to a quarter of a millisecond after a message, as long as answers mostly come
   * within that time: on one machine they then come in a third of it. Default true.
   */
  readonly answerPolling?: boolean
}

/** A configuration with its defaults. */
export type ResolvedConfiguration = Required<RTCConfiguration>

/**
 * Throws as WebRTC §4.4.1.6 says: SyntaxError, InvalidAccessError, NotSupportedError, and TypeError for what is of another
 * type, or no member of its enumeration.
 */
export function resolveConfiguration(given: RTCConfiguration | null, now: number): ResolvedConfiguration {
  const configuration = given ?? {}
  if (typeof configuration !== 'object') throw new TypeError('the configuration is no object')
  const iceServers = configuration.iceServers ?? []
  const certificates = configuration.certificates ?? []
  checkIceServers(iceServers)
  if (certificates.some(({ expires }) => expires <= now)) throw invalidAccess('a certificate has expired')
  checkNetwork(configuration.network ?? {})
  if ((configuration.iceCandidatePoolSize ?? 0) !== 0)
    throw notSupported('candidates are not gathered ahead of a description')
  return {
    iceServers,
    iceTransportPolicy: member(configuration.iceTransportPolicy ?? 'all', ['all', 'relay']),
    bundlePolicy: member(configuration.bundlePolicy ?? 'balanced', ['balanced', 'max-compat', 'max-bundle']),
    rtcpMuxPolicy: member(configuration.rtcpMuxPolicy ?? 'require', ['require']),
    iceCandidatePoolSize: 0,
    certificates,
    sctpSnap: configuration.sctpSnap ?? false,
    messageStreams: configuration.messageStreams ?? false,
    network: configuration.network ?? {},
    dtls: configuration.dtls ?? {},
    ice: configuration.ice ?? {},
    hooks: configuration.hooks ?? {},
  }
}

/** `next` in place of `current`; throws InvalidModificationError for what cannot change any more. */
export function changeConfiguration(
  current: ResolvedConfiguration,
  next: ResolvedConfiguration,
): ResolvedConfiguration {
  const { certificates, bundlePolicy, rtcpMuxPolicy } = next
  const isSame =
    certificates.length === 0 ||
    (certificates.length === current.certificates.length &&
      certificates.every((certificate, index) => certificate === current.certificates[index]))
  if (!isSame) throw invalidModification('the certificates cannot change')
  if (bundlePolicy !== current.bundlePolicy) throw invalidModification('bundlePolicy cannot change')
  if (rtcpMuxPolicy !== current.rtcpMuxPolicy) throw invalidModification('rtcpMuxPolicy cannot change')
  const { sctpSnap, messageStreams, network, dtls, ice, hooks } = current
  return { ...next, certificates: current.certificates, sctpSnap, messageStreams, network, dtls, ice, hooks }
}

/** What would otherwise show as a connection that finds no path. */
function checkNetwork({ addresses = [], portRange }: NetworkOptions): void {
  for (const address of addresses)
    if (!isIpAddress(address)) throw new TypeError(`network.addresses: ${address} is no IP address`)
  if (portRange === undefined) return
  const { min, max } = portRange
  const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536
  if (!isPort(min) || !isPort(max) || min > max)
    throw new TypeError('network.portRange takes min and max from 1 to 65535, in this order')
}
