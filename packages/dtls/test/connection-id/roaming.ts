import type { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { type Nat, Network, simAddress, type SimAddress, type SimSocket, Simulation } from '@purertc/netsim'

import type { DtlsConfig } from '../../src/index.ts'
import { clientCertificate, End, serverCertificate } from '../pair.ts'

/** The mobile end: like an {@link End}, and told where the peer is. */
export class RoamingEnd extends End {
  readonly moves: string[] = []
  ids: readonly Uint8Array[] = []

  moved(_now: Millis, path: string): void {
    this.moves.push(path)
  }

  ownConnectionIds(ids: readonly Uint8Array[]): void {
    this.ids = ids
  }
}

export interface RoamingOptions {
  readonly seed?: number
  readonly loss?: number
  readonly client?: Partial<DtlsConfig>
  readonly server?: Partial<DtlsConfig>
}

/** A client behind a NAT, a server on the public network, and somebody else who can listen and send. */
export class Roaming {
  readonly sim: Simulation
  readonly network: Network
  readonly nat: Nat
  readonly client: RoamingEnd
  readonly server: RoamingEnd
  /** Datagrams that reached the server's socket, with where they seemed to come from. */
  readonly seen: { readonly from: string; readonly bytes: Uint8Array }[] = []
  /** Bytes that the server sent to each address. */
  readonly sentTo = new Map<string, number>()
  readonly serverAddress: SimAddress
  readonly clientSocket: SimSocket
  readonly #serverSocket: SimSocket

  constructor({ seed = 1, loss = 0, client, server }: RoamingOptions = {}) {
    this.sim = new Simulation({ seed })
    this.network = new Network(this.sim, { latency: 20, loss })
    this.nat = this.network.nat({ kind: 'port-restricted', address: '198.51.100.1' })
    const crypto = this.sim.seeded(nodeCrypto)
    const ends = { crypto, connectionId: 8 }
    this.client = new RoamingEnd({
      ...ends,
      role: 'client',
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint()] },
      ...client,
    })
    this.server = new RoamingEnd({
      ...ends,
      role: 'server',
      certificate: serverCertificate,
      verify: { fingerprints: [clientCertificate.fingerprint()] },
      cookie: 'verified-path',
      ...server,
    })
    const serverHost = this.network.host('198.51.100.80')
    this.#serverSocket = serverHost.bind({
      port: 5684,
      received: (now, from, bytes) => {
        this.seen.push({ from: nameOf(from), bytes: bytes.slice() })
        this.server.association.handleDatagram(now, bytes, nameOf(from))
      },
    })
    this.serverAddress = this.#serverSocket.local
    const clientHost = this.network.host('10.0.0.2', { nat: this.nat })
    this.clientSocket = clientHost.bind({
      received: (now, _from, bytes) => this.client.association.handleDatagram(now, bytes, 'home'),
    })
    this.client.send = (datagram) => this.clientSocket.send(this.serverAddress, datagram)
    this.server.send = (datagram, path = '') => {
      const to = path === '' ? (this.seen[0]?.from ?? '') : path
      this.sentTo.set(to, (this.sentTo.get(to) ?? 0) + datagram.length)
      this.#serverSocket.send(addressOf(to), datagram)
    }
    this.sim.attach(this.client.association)
    this.sim.attach(this.server.association)
  }

  /** Both are connected, and the server knows from a record where its client is. */
  connect(): this {
    this.client.association.connect(this.sim.now)
    this.sim.run({
      until: () => this.client.session !== null && this.server.session !== null,
      deadline: 120_000,
    })
    this.sim.advance(1_000)
    return this
  }

  /** From now on the client seems to be somewhere else. */
  rebind(): void {
    this.nat.restart()
  }

  /** The client takes another network of its own will; on the former one it is still heard. */
  leaveFor(address: string): SimAddress {
    const away = this.network.host(address).bind({
      received: (now, _from, bytes) => this.client.association.handleDatagram(now, bytes, address),
    })
    this.client.association.changePath(this.sim.now, address)
    this.client.send = (datagram, path) =>
      (path === address ? away : this.clientSocket).send(this.serverAddress, datagram)
    return away.local
  }

  say(text: string): void {
    this.client.association.send(this.sim.now, new TextEncoder().encode(text))
  }

  reply(text: string): void {
    this.server.association.send(this.sim.now, new TextEncoder().encode(text))
  }

  /** Puts a datagram before the server as if it came from this address. */
  inject(from: string, bytes: Uint8Array): void {
    this.server.association.handleDatagram(this.sim.now, bytes, from)
  }
}

export const textsOf = ({ messages }: End): string[] =>
  messages.map((bytes) => new TextDecoder().decode(bytes))

export const nameOf = ({ address, port }: SimAddress): string => `${address} ${port}`

const addressOf = (name: string): SimAddress => {
  const [address = '', port = ''] = name.split(' ')
  return simAddress(address, Number(port))
}
