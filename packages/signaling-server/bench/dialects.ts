import { subprotocol } from '@purertc/signaling-protocol'

import type { BusyClient } from './busy-client.ts'
import { type Framing, prefixed, webSocket } from './framings.ts'

/** How two clients of a server find each other, and how one says something to the other. */
export interface Dialect {
  readonly protocol?: string
  readonly framing: Framing
  path(pair: number, side: number): string
  /** What to say when the connection opens. */
  enter(client: BusyClient, pair: number, side: number): void
  message(at: number, pair: number, side: number): string
  /** What the client says, with its next message, after every sixteenth that it heard. */
  acknowledgement?(text: Buffer): string
  /** The time that a message carries; undefined for other frames. */
  timeOf(text: Buffer): number | undefined
}

/** The body is the same for all: a number and a hundred letters. */
const filler = 'x'.repeat(100)
const dataOf = (at: number): string => `{"t":${at.toFixed(3)},"x":"${filler}"}`
const timeOf = (text: Buffer): number | undefined => {
  const at = text.indexOf('"t":')
  return at < 0 ? undefined : Number.parseFloat(text.toString('latin1', at + 4, at + 24))
}

/** As our own client speaks: resumable, numbered, and acknowledging what it hears. */
const purertc: Dialect = {
  protocol: subprotocol,
  framing: webSocket,
  path: () => '/',
  enter: (client, pair, side) =>
    client.send(JSON.stringify({ type: 'join', channel: `c${pair}`, peer: `p${side}`, resumable: true })),
  message: (at) => `{"type":"message","data":${dataOf(at)},"n":${++numbers}}`,
  acknowledgement: (text) => {
    const seq = text.toString('latin1', text.lastIndexOf('"seq":') + 6, text.length - 1)
    return `{"type":"ack","seq":${seq}}`
  },
  timeOf,
}
let numbers = 0

const bare: Dialect = {
  framing: webSocket,
  path: (pair) => `/${pair}`,
  enter: () => {},
  message: (at) => `{"type":"message","data":${dataOf(at)}}`,
  timeOf,
}

const peer: Dialect = {
  framing: webSocket,
  path: (pair, side) => `/peerjs?key=peerjs&id=c${pair}-${side}&token=t${pair}${side}`,
  enter: () => {},
  message: (at, pair, side) => `{"type":"OFFER","dst":"c${pair}-${1 - side}","payload":${dataOf(at)}}`,
  timeOf,
}

/** No WebSocket at all. */
const net: Dialect = { ...bare, framing: prefixed }

/** By the name of the server that speaks it. */
export const dialects: Readonly<Record<string, Dialect>> = { purertc, bare, peer, net }
