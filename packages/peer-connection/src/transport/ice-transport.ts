import type { Millis } from '@purertc/bytes'
import { type DtlsInStun, IceAgent, type IceHost, parseCandidate } from '@purertc/ice'

import type { PeerTransportConfig, TransportAgreement } from './peer-transport-config.ts'

/** The agent of one transport. `embedding`: what DTLS puts into its checks. */
export function createIceAgent(
  {
    crypto,
    iceRole,
    policy,
    ice,
  }: Pick<Required<PeerTransportConfig>, 'crypto' | 'iceRole' | 'policy' | 'ice'>,
  embedding: DtlsInStun | null,
  host: IceHost,
): IceAgent {
  const { lite = false, continualGathering = false, pacing } = ice
  return new IceAgent(
    {
      ...{ crypto, role: iceRole, policy, lite, continualGathering },
      ...(pacing !== undefined && { pacing }),
      ...(embedding !== null && { dtlsInStun: embedding }),
    },
    host,
  )
}

/** Both descriptions are known: checks begin. */
export function startIce(ice: IceAgent, now: Millis, agreement: TransportAgreement): void {
  const { remoteCredentials, remoteIsLite: isLite = false, remotePacing: pacing, iceOptions = [] } = agreement
  const renomination = iceOptions.includes('renomination')
  ice.setRemoteCredentials(now, remoteCredentials, {
    ...{ isLite, renomination },
    ...(pacing !== undefined && { pacing }),
  })
}

/** `''` after the last one. False for a line that the agent has no use for. */
export function addCandidateLine(ice: IceAgent, now: Millis, line: string): boolean {
  const candidate = line === '' ? null : parseCandidate(line)
  if (line !== '' && candidate === null) return false
  ice.addRemoteCandidate(now, candidate)
  return true
}
