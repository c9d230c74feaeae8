import { createSocket, type Socket } from 'node:dgram'
import { lookup, type LookupAddress } from 'node:dns'

import { Alarm } from '@purertc/bytes/node'

import type { DtlsSocket, Transport } from './dtls-socket.ts'

/** The UDP socket and the timer of one client. */
export class UdpLink implements Transport {
  #udp: Socket | null = null
  /** All that are open, one that is about to be bound included. */
  readonly #open = new Set<Socket>()
  /** The socket before a `rebind`: the server may still ask there whether we left. */
  #former: { readonly udp: Socket; readonly path: string } | null = null
  #path = 'udp 1'
  #bindings = 1
  #alarm: Alarm | null = null
  #dtls: DtlsSocket | null = null
  #address: LookupAddress | null = null
  #isReleased = false

  /** The server's name is looked up first; until then nothing is sent. */
  open(dtls: DtlsSocket): void {
    this.#dtls = dtls
    this.#alarm = new Alarm((now) => {
      dtls.expire(now)
      this.rescheduled()
    })
    lookup(dtls.remote.address, (error, address, family) => {
      if (this.#isReleased) return
      if (error !== null) {
        dtls.abandon(error)
        return
      }
      this.#address = { address, family }
      this.#udp = this.#bind(dtls, this.#address, this.#path, () => dtls.start())
    })
  }

  send(datagram: Uint8Array, _to: unknown, path: string): void {
    const udp = this.#former?.path === path ? this.#former.udp : this.#udp
    // The kernel may take it later, when what was lent has been overwritten. What is lost is sent again by those who
    // need it, so an error here is one more way of losing it.
    udp?.send(Buffer.from(datagram), ignoreLoss)
  }

  rebind(): boolean {
    const dtls = this.#dtls
    const former = this.#udp
    if (dtls === null || former === null || this.#address === null || this.#isReleased) return false
    const path = `udp ${++this.#bindings}`
    const udp = this.#bind(dtls, this.#address, path, () => {
      this.#close(this.#former?.udp)
      this.#former = { udp: former, path: this.#path }
      this.#path = path
      this.#udp = udp
      dtls.changePath(path)
    })
    return true
  }

  rescheduled(): void {
    if (!this.#isReleased && this.#dtls !== null) this.#alarm?.set(this.#dtls.deadline)
  }

  connected(): void {
    this.rescheduled()
  }

  released(): void {
    this.#isReleased = true
    this.#alarm?.clear()
    this.#udp = null
    this.#former = null
    // What was sent last, a close_notify perhaps, is still on its way to the kernel.
    setImmediate(() => {
      for (const udp of [...this.#open]) this.#close(udp)
    })
  }

  #close(udp: Socket | undefined): void {
    if (udp !== undefined && this.#open.delete(udp)) udp.close()
  }

  #bind(dtls: DtlsSocket, { address, family }: LookupAddress, path: string, onBound: () => void): Socket {
    const udp = createSocket(family === 6 ? 'udp6' : 'udp4')
    this.#open.add(udp)
    udp.on('message', (datagram) => dtls.receive(datagram, path))
    udp.on('error', (error) => {
      // A connected socket hears of a closed port by ICMP, which is no more authentic than any datagram.
      if (!transientErrors.has((error as NodeJS.ErrnoException).code ?? '')) dtls.abandon(error)
    })
    udp.connect(dtls.remote.port, address, () => {
      if (!this.#isReleased) onBound()
    })
    return udp
  }
}

const ignoreLoss = (): void => undefined

const transientErrors: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMSGSIZE',
  'ENOBUFS',
])
