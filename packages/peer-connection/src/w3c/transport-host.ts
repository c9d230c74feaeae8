import type { ConnectionTransportHost } from './connection-transport.ts'
import type { DataHost } from './data-plane.ts'
import type { GatheringEvents } from './gathering-events.ts'
import { hookCalls, type TransportHooks } from './transport-hooks.ts'

/** What a connection does itself about news of its transport. */
export interface TransportListener {
  /** What carries the data is connected, or over. */
  dataChanged(): void
  /** The state of ICE or DTLS is another. */
  stateChanged(): void
}

/**
 * Hands what the transport tells to those whom it concerns: what is an event goes through `post`, in its turn. As
 * everywhere that a connection is made, what is spread follows what is added: the other way round V8 takes ten times as
 * long, and keeps what was made until it marks the whole heap.
 */
export function transportHost(
  data: DataHost,
  gathering: GatheringEvents,
  hooks: TransportHooks,
  post: (event: () => void) => void,
  listener: TransportListener,
): ConnectionTransportHost {
  return {
    candidate: (line, origin) => post(() => gathering.candidate(line, origin)),
    candidateError: (error) => post(() => gathering.candidateError(error)),
    serverUnusable: (url, reason) => post(() => gathering.serverUnusable(url, reason)),
    gatheringChanged: (state) => post(() => gathering.stateChanged(state)),
    stateChanged: () => post(() => listener.stateChanged()),
    ...hookCalls(hooks, post),
    ...data,
    connected: () => {
      data.connected()
      post(() => listener.dataChanged())
    },
    closed: (reason) => {
      data.closed(reason)
      post(() => listener.dataChanged())
      post(() => hooks.closed?.(reason))
    },
  }
}
