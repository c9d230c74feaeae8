import type { SctpAssociation } from '../association/association.ts'

/** What of an association its data channels leave to others. */
export type AssociationView = Pick<
  SctpAssociation,
  | 'mtu'
  | 'pathChanged'
  | 'remoteMaxMessageSize'
  | 'roundTripTime'
  | 'congestionWindow'
  | 'abandonedMessages'
  | 'receiveBuffered'
  | 'outboundStreams'
  | 'isInterleaving'
  | 'peerLargestPacket'
>
