import type { AssociationState } from '@purertc/dtls'
import type { IceConnectionState } from '@purertc/ice'

export type RTCPeerConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

/** The state of a connection from the states of its one ICE and one DTLS transport, WebRTC §4.3.3. */
export function connectionState(ice: IceConnectionState, dtls: AssociationState): RTCPeerConnectionState {
  if (ice === 'failed' || dtls === 'failed') return 'failed'
  if (ice === 'disconnected') return 'disconnected'
  const iceIdle = ice === 'new' || ice === 'closed'
  const dtlsIdle = dtls === 'new' || dtls === 'closed'
  if (iceIdle && dtlsIdle) return 'new'
  const iceDone = ice === 'connected' || ice === 'completed' || ice === 'closed'
  const dtlsDone = dtls === 'connected' || dtls === 'closed'
  return iceDone && dtlsDone ? 'connected' : 'connecting'
}
