export type { TurnClientConfig, TurnClientDiscard, TurnClientHost, TurnClientState } from './client/config.ts'
export { TurnClient } from './client/turn-client.ts'
export { TurnError, type TurnFailure, type TurnMisuse } from './turn-error.ts'
