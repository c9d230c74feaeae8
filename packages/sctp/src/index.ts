export { SctpAssociation } from './association/association.ts'
export type { Discard } from './association/context.ts'
export type { SctpHost, SendOptions } from './association/host.ts'
export type { MessageWriter } from './association/message-writer.ts'
export { createInit } from './association/out-of-band-init.ts'
export type { AssociationState, SctpCloseReason } from './association/state.ts'
export type { DataChannel, DataChannelOptions, DataChannelState } from './channels/data-channel.ts'
export { createChannelsInit, type DataChannelsConfig } from './channels/config.ts'
export { DataChannels } from './channels/data-channels.ts'
export type { ChannelDiscard, DataChannelHost } from './channels/host.ts'
export { ProtocolId } from './channels/protocol-id.ts'
export type { ExchangedInits, SctpConfig } from './config.ts'
export { SctpError, type SctpFault } from './errors.ts'
export type { Abandoned } from './send/abandoned-messages.ts'
export type {
  AcknowledgedNews,
  CongestionControl,
  CongestionControlFactory,
} from './send/congestion-control.ts'
export { CubicCongestionControl } from './send/cubic.ts'
export type { SchedulerName } from './send/scheduler.ts'
export { StandardCongestionControl } from './send/standard-congestion-control.ts'
export { Tsn } from './tsn.ts'
