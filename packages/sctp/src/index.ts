export { createInit, SctpAssociation } from './association/association.ts'
export type { Discard } from './association/context.ts'
export type { SctpHost, SendOptions } from './association/host.ts'
export type { AssociationState, SctpCloseReason } from './association/state.ts'
export type { DataChannel, DataChannelOptions, DataChannelState } from './channels/data-channel.ts'
export {
  type ChannelDiscard,
  createChannelsInit,
  DataChannels,
  type DataChannelsConfig,
} from './channels/data-channels.ts'
export type { DataChannelHost } from './channels/host.ts'
export { ProtocolId } from './channels/protocol-id.ts'
export type { ExchangedInits, SctpConfig } from './config.ts'
export { SctpError, type SctpFault } from './errors.ts'
export type {
  AcknowledgedNews,
  CongestionControl,
  CongestionControlFactory,
} from './send/congestion-control.ts'
export { CubicCongestionControl } from './send/cubic.ts'
export type { SchedulerName } from './send/scheduler.ts'
export { StandardCongestionControl } from './send/standard-congestion-control.ts'
export { Tsn } from './tsn.ts'
