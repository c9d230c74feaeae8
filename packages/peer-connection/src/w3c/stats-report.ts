import { toHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { type Certificate, computeFingerprint } from '@purertc/dtls'
import type { CandidatePair, IceCandidate } from '@purertc/ice'

import type { TransportStatistics } from '../transport/transport-statistics.ts'
import type { ChannelTraffic } from './data-channel-set.ts'
import type { RTCDataChannel } from './data-channel.ts'

/** A member of an {@link RTCStatsReport}; the members beyond these three are those of W3C WebRTC Statistics. */
export interface RTCStats {
  readonly id: string
  readonly type:
    | 'peer-connection'
    | 'transport'
    | 'candidate-pair'
    | 'local-candidate'
    | 'remote-candidate'
    | 'certificate'
    | 'data-channel'
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly [member: string]: unknown
}

/** Statistics by their id. */
export type RTCStatsReport = ReadonlyMap<string, RTCStats>

export interface StatsSources {
  readonly crypto: CryptoProvider
  readonly timestamp: number
  readonly transport: TransportStatistics | null
  readonly certificate: Certificate
  readonly channels: Iterable<readonly [RTCDataChannel, ChannelTraffic]>
  readonly dataChannelsOpened: number
  readonly dataChannelsClosed: number
}

/** Builds the report of W3C WebRTC Statistics §8, as far as it is about transports and data channels. */
export function createStatsReport(sources: StatsSources): RTCStatsReport {
  const { timestamp, transport, channels, dataChannelsOpened, dataChannelsClosed } = sources
  const report = new Map<string, RTCStats>()
  const add = (type: RTCStats['type'], id: string, members: object): string => {
    report.set(id, { id, type, timestamp, ...members })
    return id
  }
  add('peer-connection', 'P', { dataChannelsOpened, dataChannelsClosed })
  for (const [channel, traffic] of channels)
    add('data-channel', `D${channel.id}`, channelMembers(channel, traffic))
  if (transport !== null) addTransport(sources, transport, add)
  return report
}

type Add = (type: RTCStats['type'], id: string, members: object) => string

function addTransport({ crypto, certificate }: StatsSources, transport: TransportStatistics, add: Add): void {
  const { ice, dtls } = transport
  const pairId = new Map<CandidatePair, string>()
  for (const candidate of ice.candidates) addCandidate('local-candidate', candidate, add)
  for (const pair of ice.pairs) {
    const local = addCandidate('local-candidate', pair.local, add)
    const remote = addCandidate('remote-candidate', pair.remote, add)
    const id = `CP${local}_${remote}`
    pairId.set(pair, id)
    add('candidate-pair', id, pairMembers(pair, local, remote))
  }
  const peerCertificate = dtls.session?.peerCertificate
  const local = addCertificate(crypto, certificate.der, add)
  const remote = peerCertificate && addCertificate(crypto, peerCertificate, add)
  const selected = ice.active === null ? undefined : pairId.get(ice.active)
  add('transport', TRANSPORT, {
    packetsSent: ice.datagramsSent,
    packetsReceived: ice.datagramsReceived,
    bytesSent: ice.bytesSent,
    bytesReceived: ice.bytesReceived,
    iceRole: ice.role,
    iceLocalUsernameFragment: ice.credentials.usernameFragment,
    iceState: ice.state,
    dtlsState: dtls.state,
    localCertificateId: local,
    ...(dtls.role && { dtlsRole: dtls.role }),
    ...(selected && { selectedCandidatePairId: selected }),
    ...(remote && { remoteCertificateId: remote }),
    ...(dtls.session && {
      tlsVersion: dtls.session.version.toString(16).toUpperCase(),
      dtlsCipher: dtls.session.cipherSuite.name,
      tlsGroup: dtls.session.group?.registryName,
    }),
  })
}

function channelMembers(channel: RTCDataChannel, traffic: ChannelTraffic): object {
  const { label, protocol, id: dataChannelIdentifier, readyState: state } = channel
  return { label, protocol, dataChannelIdentifier, state, ...traffic }
}

function pairMembers(pair: CandidatePair, localCandidateId: string, remoteCandidateId: string): object {
  const { state, nominated, roundTripTime, requestsSent, responsesReceived } = pair
  return {
    transportId: TRANSPORT,
    localCandidateId,
    remoteCandidateId,
    state,
    nominated,
    requestsSent,
    responsesReceived,
    // The W3C counts seconds.
    ...(roundTripTime !== undefined && { currentRoundTripTime: roundTripTime / 1_000 }),
  }
}

function addCandidate(
  type: 'local-candidate' | 'remote-candidate',
  candidate: IceCandidate,
  add: Add,
): string {
  const { address, port, transport: protocol, type: candidateType, priority, foundation } = candidate
  const { relatedAddress, relatedPort, usernameFragment } = candidate
  const id = `${type === 'local-candidate' ? 'L' : 'R'}${candidateType}-${address}-${port}`
  return add(type, id, {
    transportId: TRANSPORT,
    address,
    port,
    protocol,
    candidateType,
    priority,
    foundation,
    ...(relatedAddress !== undefined && { relatedAddress }),
    ...(relatedPort !== undefined && { relatedPort }),
    ...(usernameFragment !== undefined && { usernameFragment }),
  })
}

function addCertificate(crypto: CryptoProvider, der: Uint8Array, add: Add): string {
  const { algorithm, value } = computeFingerprint(crypto, der)
  const fingerprint = toHex(value, ':').toUpperCase()
  const base64Certificate = btoa(String.fromCharCode(...der))
  return add('certificate', `CF${fingerprint}`, {
    fingerprint,
    fingerprintAlgorithm: algorithm,
    base64Certificate,
  })
}

const TRANSPORT = 'T'
