import { findConnectionId } from '../connection-id/demultiplex.ts'
import type { DtlsSocket } from './dtls-socket.ts'

/**
 * The associations of a server: by the address that they are at, and by the connection IDs that their datagrams may bear
 * wherever they come from.
 */
export class ClientDirectory {
  readonly #byAddress = new Map<string, Client>()
  readonly #byId = new Map<string, DtlsSocket>()
  readonly #entries = new Map<DtlsSocket, Entry>()
  #idLength = 0

  /** Associations, those that are still shaking hands included. */
  get size(): number {
    return this.#entries.size
  }

  get sockets(): readonly DtlsSocket[] {
    return [...this.#entries.keys()]
  }

  /** The association that the datagram's connection ID is of. It proves nothing. */
  find(datagram: Uint8Array): DtlsSocket | undefined {
    const id = findConnectionId(datagram, this.#idLength)
    return id === null ? undefined : this.#byId.get(keyOf(id))
  }

  at(address: string): Client | undefined {
    return this.#byAddress.get(address)
  }

  /** Whether an association has this connection ID already. */
  isTaken(id: Uint8Array): boolean {
    return this.#byId.has(keyOf(id))
  }

  /** An association begins at an address that may have another one, which it replaces once it is complete. */
  begin(address: string, socket: DtlsSocket): Client {
    const client = this.#at(address)
    this.#entries.set(socket, { address, ids: [] })
    client.begin(socket)
    return client
  }

  /** Returns the association that it takes the place of, if there is one. */
  complete(socket: DtlsSocket): DtlsSocket | null {
    return this.#clientOf(socket)?.complete(socket) ?? null
  }

  /**
   * The association's peer is at another address now. Returns the association that was there and can be found by nothing
   * else: no two are behind one address, so that its peer is gone.
   */
  move(socket: DtlsSocket, address: string): DtlsSocket | null {
    const entry = this.#entries.get(socket)
    if (entry === undefined || entry.address === address) return null
    this.#vacate(socket)
    this.#entries.set(socket, { ...entry, address })
    const displaced = this.#at(address).replace(socket)
    if (displaced === null) return null
    return (this.#entries.get(displaced)?.ids.length ?? 0) > 0 ? null : displaced
  }

  /** The connection IDs of an association are others now. */
  identify(socket: DtlsSocket, ids: readonly Uint8Array[]): void {
    const entry = this.#entries.get(socket)
    if (entry === undefined) return
    for (const id of entry.ids) this.#byId.delete(id)
    const keys = ids.map(keyOf)
    for (const key of keys) this.#byId.set(key, socket)
    this.#idLength = ids[0]?.length ?? this.#idLength
    this.#entries.set(socket, { ...entry, ids: keys })
  }

  remove(socket: DtlsSocket): void {
    for (const id of this.#entries.get(socket)?.ids ?? []) this.#byId.delete(id)
    this.#vacate(socket)
    this.#entries.delete(socket)
  }

  #at(address: string): Client {
    const client = this.#byAddress.get(address) ?? new Client()
    this.#byAddress.set(address, client)
    return client
  }

  #clientOf(socket: DtlsSocket): Client | undefined {
    return this.#byAddress.get(this.#entries.get(socket)?.address ?? '')
  }

  #vacate(socket: DtlsSocket): void {
    const address = this.#entries.get(socket)?.address ?? ''
    if (this.#byAddress.get(address)?.remove(socket) === true) this.#byAddress.delete(address)
  }
}

/** One address: the association it has, and the one it may be about to replace it with. */
export class Client {
  #current: DtlsSocket | null = null
  #next: DtlsSocket | null = null

  get isConnected(): boolean {
    return this.#current !== null && this.#next === null
  }

  /** Each of the two takes what is meant for it: the other's records are not authentic to it. */
  receive(datagram: Uint8Array, path: string): void {
    const next = this.#next
    this.#current?.receive(datagram, path)
    next?.receive(datagram, path)
  }

  begin(socket: DtlsSocket): void {
    this.#next = socket
  }

  /** The association in question is the address's own now; returns the one that was. */
  complete(socket: DtlsSocket): DtlsSocket | null {
    this.#next = null
    return this.replace(socket)
  }

  /** The same, whatever is about to begin there. */
  replace(socket: DtlsSocket): DtlsSocket | null {
    const former = this.#current
    this.#current = socket
    return former
  }

  /** Whether nothing is left. */
  remove(socket: DtlsSocket): boolean {
    if (this.#current === socket) this.#current = null
    if (this.#next === socket) this.#next = null
    return this.#current === null && this.#next === null
  }
}

interface Entry {
  readonly address: string
  readonly ids: readonly string[]
}

const keyOf = (id: Uint8Array): string => Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')
