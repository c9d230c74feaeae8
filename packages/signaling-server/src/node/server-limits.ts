import { frameLimits } from '@purertc/signaling-protocol'

import { defaultHubLimits } from '../limits.ts'
import type { SignalingServerLimits } from './options.ts'

export const defaultServerLimits: SignalingServerLimits = {
  ...defaultHubLimits,
  connections: 10_000,
  connectionsPerAddress: 256,
  connectionsPerUser: 16,
  frameBytes: frameLimits.bytes,
  sendBuffer: 1_048_576,
}
