import { nodeCrypto } from '@purertc/crypto/node'
import { Link, type LinkConditions, Simulation } from '@purertc/netsim'

import {
  type DataChannel,
  DataChannels,
  type DataChannelsConfig,
  type SctpCloseReason,
} from '../../src/index.ts'
import { Simulated } from './simulated.ts'

export interface Message {
  readonly label: string
  readonly data: Uint8Array
  readonly isText: boolean
}

/** One side's data channels and all that they told their host. */
export class Side {
  readonly channels: DataChannels
  /** Channels that the peer opened. */
  readonly incoming: DataChannel[] = []
  readonly messages: Message[] = []
  readonly events: string[] = []
  /** What came in parts: as many bytes as were handed up, and the event of each end. */
  partBytes = 0
  onLow: ((channel: DataChannel) => void) | null = null
  onPart: ((channel: DataChannel, part: Uint8Array, isLast: boolean) => void) | null = null
  readonly closed: SctpCloseReason[] = []
  connected = 0

  constructor(
    sim: Simulation,
    transmit: (packet: Uint8Array) => void,
    config: Pick<DataChannelsConfig, 'dtlsRole'> & Partial<DataChannelsConfig>,
  ) {
    this.channels = new DataChannels(
      { crypto: sim.seeded(nodeCrypto), ...config },
      {
        transmit,
        associationConnected: () => this.connected++,
        associationClosed: (reason) => this.closed.push(reason),
        channelOpened: (channel) => {
          this.incoming.push(channel)
          this.events.push(`incoming ${channel.label}`)
        },
        opened: (channel) => this.events.push(`opened ${channel.label}`),
        received: (_now, channel, data, isText) =>
          this.messages.push({ label: channel.label, data: data.slice(), isText }),
        receivedPart: (_now, channel, part, isText, isLast) => {
          this.partBytes += part.length
          this.onPart?.(channel, part, isLast)
          if (isLast) this.events.push(`last part ${channel.label}${isText ? ' of text' : ''}`)
        },
        messageBroken: (_now, channel) => this.events.push(`broken ${channel.label}`),
        bufferedAmountLow: (channel) => {
          this.events.push(`low ${channel.label}`)
          this.onLow?.(channel)
        },
        channelClosing: (channel) => this.events.push(`closing ${channel.label}`),
        channelClosed: (channel) => this.events.push(`closed ${channel.label}`),
      },
    )
    sim.attach(this.channels)
  }

  get texts(): string[] {
    return this.messages.map(({ data }) => new TextDecoder().decode(data))
  }
}

export interface ChannelsPairOptions extends LinkConditions {
  readonly seed?: number
  readonly client?: Partial<DataChannelsConfig>
  readonly server?: Partial<DataChannelsConfig>
}

/** The data channels of both sides of one connection over a simulated network. */
export class ChannelsPair extends Simulated {
  readonly client: Side
  readonly server: Side
  readonly toClient: Link
  readonly toServer: Link

  constructor(options: ChannelsPairOptions = {}) {
    const { seed = 1, client, server, ...conditions } = options
    super(new Simulation({ seed }))
    this.toClient = new Link(this.sim, { latency: 10, ...conditions }, (now, bytes) =>
      this.client.channels.handlePacket(now, bytes),
    )
    this.toServer = new Link(this.sim, { latency: 10, ...conditions }, (now, bytes) =>
      this.server.channels.handlePacket(now, bytes),
    )
    this.client = new Side(this.sim, (packet) => this.toServer.send(packet), {
      dtlsRole: 'client',
      ...client,
    })
    this.server = new Side(this.sim, (packet) => this.toClient.send(packet), {
      dtlsRole: 'server',
      ...server,
    })
  }

  connect(): this {
    this.client.channels.connect(this.now)
    this.server.channels.connect(this.now)
    this.runUntil(() => this.client.connected > 0 && this.server.connected > 0)
    return this
  }

  protected override describe(): string {
    return (
      `client ${this.client.channels.state} ${this.client.events.join(', ')}; ` +
      `server ${this.server.channels.state} ${this.server.events.join(', ')}`
    )
  }
}
