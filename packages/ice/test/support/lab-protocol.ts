import type { IceConnectionState, IceCredentials } from '../../src/index.ts'
import type { NodeIceOptions } from '../../src/node/index.ts'

export type LabCommand = { readonly id: number } & (
  | { readonly do: 'start'; readonly options: NodeIceOptions }
  | { readonly do: 'remote'; readonly credentials: IceCredentials }
  | { readonly do: 'candidate'; readonly line: string | null }
  | { readonly do: 'send'; readonly text: string }
  | { readonly do: 'close' }
)

export interface LabSelection {
  readonly local: string
  readonly remote: string
  readonly family: 'IPv4' | 'IPv6'
  readonly transport: string
  readonly relayProtocol: string | null
}

export type LabReport = { readonly id: number } & (
  | { readonly event: 'ready' | 'closed' }
  | { readonly event: 'credentials'; readonly credentials: IceCredentials }
  | { readonly event: 'candidate'; readonly line: string | null }
  | { readonly event: 'error'; readonly code: number; readonly url: string }
  | { readonly event: 'state'; readonly state: IceConnectionState }
  | ({ readonly event: 'selected' } & LabSelection)
  | { readonly event: 'received'; readonly text: string }
)
