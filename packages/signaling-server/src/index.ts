export type { HubCounters } from './counters.ts'
export type { ConnectionId, JoinDecision, JoinRequest, SignalingHubHost } from './host.ts'
export { SignalingHub, type SignalingHubConfig } from './hub.ts'
export { defaultHubLimits, type HubLimits } from './limits.ts'
export * from './node/index.ts'
export type {
  Answerable,
  ByeEvent,
  ChannelEvent,
  ChannelId,
  EndEvent,
  JoinEvent,
  LeaveEvent,
  SaidEvent,
} from './store/channel-event.ts'
export type {
  ChannelStore,
  ChannelStoreHost,
  JoinCommand,
  JoinFault,
  JoinOutcome,
  Membership,
  ResumeCommand,
  ResumeOutcome,
  SayCommand,
  SayOutcome,
  StoreLimits,
} from './store/channel-store.ts'
export { MemoryStore } from './store/memory-store.ts'
