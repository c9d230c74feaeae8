/** What a test and a foreign stack in a process of its own tell each other, one line of JSON each. */

export interface ChannelOptions {
  readonly ordered?: boolean
  readonly maxRetransmits?: number
  readonly negotiated?: boolean
  readonly id?: number
}

export interface Description {
  readonly type: 'offer' | 'answer'
  readonly sdp: string
}

/** `candidate` is empty at the end of candidates. */
export interface Candidate {
  readonly candidate: string
  readonly sdpMid: string
}

export type Command =
  | { readonly do: 'open'; readonly label: string; readonly options: ChannelOptions }
  | { readonly do: 'offer' }
  /** An offer is answered. */
  | ({ readonly do: 'description' } & Description)
  | ({ readonly do: 'candidate' } & Candidate)
  /** Sends random bytes, no faster than the channel takes them; then says `transferred`. */
  | {
      readonly do: 'transfer'
      readonly label: string
      readonly size: number
      readonly messageSize: number
    }
  | { readonly do: 'close'; readonly label: string }
  /** Closes the connection. */
  | { readonly do: 'end' }

export type Report =
  | ({ readonly event: 'description' } & Description)
  | ({ readonly event: 'candidate' } & Candidate)
  | { readonly event: 'state'; readonly state: string }
  /** A channel that the test opened. `ordered` and `maxRetransmits` are missing where the stack does not tell. */
  | {
      readonly event: 'incoming'
      readonly label: string
      readonly ordered?: boolean
      readonly maxRetransmits?: number | null
    }
  | { readonly event: 'open'; readonly label: string }
  | { readonly event: 'close'; readonly label: string }
  | { readonly event: 'transferred'; readonly label: string; readonly sha256: string }
  /** The text `end` came on a channel whose label starts with `file`: this is what came before it. */
  | ({ readonly event: 'file'; readonly label: string } & Digest)

export interface Digest {
  readonly messages: number
  readonly bytes: number
  readonly sha256: string
}

export type ReportOf<Event extends Report['event']> = Extract<Report, { event: Event }>
