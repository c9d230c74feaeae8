export type {
  TurnAnswer,
  TurnClientConfig,
  TurnClientDiscard,
  TurnClientHost,
  TurnClientState,
} from './client/config.ts'
export type { DataConnection, DataConnectionHost } from './client/data-connection.ts'
export { TurnClient } from './client/turn-client.ts'
export type { AllocationInfo, Traffic } from './server/allocation.ts'
export type {
  AllocateRequest,
  DeletionReason,
  Passwords,
  Relaying,
  TurnServerConfig,
  TurnServerDiscard,
  TurnServerHost,
} from './server/config.ts'
export { formatMetrics, type Metric, type MetricSample } from './server/metrics.ts'
export { addressScope, type AddressScope, type PeerPolicyOptions } from './server/peer-policy.ts'
export type { PortRange } from './server/port-pool.ts'
export type { RateLimits } from './server/rate-limit.ts'
export {
  accountOf,
  sharedSecretPassword,
  type TimeLimitedCredentials,
  timeLimitedCredentials,
} from './server/shared-secret.ts'
export { TurnServer } from './server/turn-server.ts'
export { parseTurnUri, type TurnUri } from './turn-uri.ts'
export { TurnError, type TurnFailure, type TurnMisuse } from './turn-error.ts'
