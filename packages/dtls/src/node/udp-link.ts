import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns'

import { Alarm } from '@purertc/bytes/node'

import type { DtlsSocket, Transport } from './dtls-socket.ts'

/** The UDP socket and the timer of one client. */
export class UdpLink implements Transport {
  #udp: Socket | null = null
  #alarm: Alarm | null = null
  #dtls: DtlsSocket | null = null
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
      if (error !== null) dtls.abandon(error)
      else this.#bind(dtls, address, family === 6 ? 'udp6' : 'udp4')
    })
  }

  send(datagram: Uint8Array): void {
    // The kernel may take it later, when what was lent has been overwritten. What is lost is sent again by those who
    // need it, so an error here is one more way of losing it.
    this.#udp?.send(Buffer.from(datagram), ignoreLoss)
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
    const udp = this.#udp
    this.#udp = null
    // What was sent last, a close_notify perhaps, is still on its way to the kernel.
    if (udp !== null) setImmediate(() => udp.close())
  }

  #bind(dtls: DtlsSocket, address: string, type: 'udp4' | 'udp6'): void {
    const udp = createSocket(type)
    this.#udp = udp
    udp.on('message', (datagram) => dtls.receive(datagram))
    udp.on('error', (error) => {
      // A connected socket hears of a closed port by ICMP, which is no more authentic than any datagram.
      if (!transientErrors.has((error as NodeJS.ErrnoException).code ?? '')) dtls.abandon(error)
    })
    udp.connect(dtls.remote.port, address, () => {
      if (!this.#isReleased) dtls.start()
    })
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
