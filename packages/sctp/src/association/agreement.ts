import type { Tsn } from '../tsn.ts'
import type { InitChunk } from '../wire/init.ts'
import type { InitParameters } from './init-parameters.ts'
import type { StateCookie } from './state-cookie.ts'

/** What both sides know once the handshake is done. */
export type Agreement = Omit<StateCookie, 'createdAt' | 'localTieTag' | 'peerTieTag'>

/** With the peer of this INIT or INIT ACK. */
export function agreementOn(
  localTag: number,
  localTsn: Tsn,
  init: InitChunk,
  parameters: InitParameters,
): Agreement {
  return {
    localTag,
    peerTag: init.initiateTag,
    localTsn,
    peerTsn: init.initialTsn,
    peerWindow: init.receiverWindow,
    peerOutboundStreams: init.outboundStreams,
    peerInboundStreams: init.inboundStreams,
    peerForwardsTsn: parameters.forwardsTsn,
    peerResetsStreams: parameters.resetsStreams,
    peerTakesZeroChecksum: parameters.takesZeroChecksum,
    peerLargestPacket: parameters.largestPacket,
    peerInterleaves: parameters.interleaves,
    peerForwardsInterleaved: parameters.forwardsInterleaved,
  }
}
