import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { Millis, toUtf8 } from '@purertc/bytes'

import { type CloseReason, DtlsAssociation, type DtlsConfig, type DtlsSession } from '../../src/index.ts'
import { checkSession } from './expectations.ts'
import type { Options } from './flags.ts'
import { elapsedFrame, type Frame, FrameReader, packetFrame } from './frames.ts'
import type { Sessions } from './sessions.ts'

/** Something that the runner asked to be asserted does not hold, or the association failed. */
export class ExchangeFailed extends Error {
  override readonly name = 'ExchangeFailed'
}

/** Runs one connection to its end. Throws {@link ExchangeFailed}. */
export async function exchange(
  options: Options,
  config: DtlsConfig,
  sessions: Sessions,
  isResumption: boolean,
): Promise<void> {
  const socket = connect({
    port: options.number('port'),
    host: options.has('ipv6') ? '::1' : '127.0.0.1',
    noDelay: true,
    allowHalfOpen: true,
  })
  await once(socket, 'connect')
  const id = Buffer.alloc(8)
  id.writeBigUInt64LE(BigInt(options.number('shim-id')))
  socket.write(id)
  await new Exchange(socket, options, config, sessions, isResumption).run()
}

/** One association, its host, and the clock that the runner moves. */
class Exchange {
  readonly #socket: Socket
  readonly #options: Options
  readonly #isResumption: boolean
  readonly #association: DtlsAssociation
  readonly #frames = new FrameReader()
  #now = Millis(epoch)
  #failure: ExchangeFailed | null = null
  #isConnected = false

  constructor(
    socket: Socket,
    options: Options,
    config: DtlsConfig,
    sessions: Sessions,
    isResumption: boolean,
  ) {
    this.#socket = socket
    this.#options = options
    this.#isResumption = isResumption
    this.#association = new DtlsAssociation(config, {
      transmit: (datagram) => void socket.write(packetFrame(datagram)),
      connected: (session) => this.#connected(session),
      resumable: (session) => (sessions.latest = session),
      received: (_now, data) => this.#echo(data),
      closed: (reason) => this.#closed(reason),
    })
  }

  async run(): Promise<void> {
    const { promise, resolve } = withResolvers()
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket.on('end', () => {
      if (!this.#isConnected) this.#fail('the runner hung up during the handshake')
      this.#association.close(this.#now)
      this.#socket.end()
    })
    this.#socket.on('error', (error) => {
      // A runner that has seen enough does not read the rest.
      if (!this.#isConnected) this.#fail(error.message)
    })
    this.#socket.on('close', resolve)
    if (!this.#options.has('server')) this.#association.connect(this.#now)
    await promise
    if (this.#failure !== null) throw this.#failure
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(chunk)
    for (let frame = this.#frames.next(); frame !== null; frame = this.#frames.next()) this.#handle(frame)
  }

  #handle(frame: Frame): void {
    switch (frame.kind) {
      case 'packet':
        this.#association.handleDatagram(this.#now, frame.packet)
        break
      case 'elapse':
        this.#socket.write(elapsedFrame)
        this.#now = Millis(this.#now + frame.milliseconds)
        this.#association.handleTimeout(this.#now)
        break
      case 'expect-timeout':
        this.#expectTimeout(frame.milliseconds)
        break
      case 'mtu':
        this.#association.setMtu(frame.bytes)
        break
      case 'initial-timeout':
        this.#association.setRetransmitTimeout(frame.milliseconds)
        break
    }
  }

  #expectTimeout(expected: number): void {
    const { nextTimeout } = this.#association
    // Only what is armed to be sent again counts: the handshake as a whole has all the time in the world here.
    const actual = nextTimeout > this.#now + never ? Infinity : nextTimeout - this.#now
    if (actual !== expected) this.#fail(`the next timeout is due in ${actual} ms, not in ${expected} ms`)
  }

  #connected(session: DtlsSession): void {
    this.#isConnected = true
    const problem = checkSession(this.#options, session, this.#isResumption)
    if (problem !== null) {
      this.#fail(problem)
      return
    }
    const exportLength = this.#options.number('export-keying-material')
    if (exportLength > 0) {
      const context = this.#options.has('use-export-context')
        ? toUtf8(this.#options.text('export-context'))
        : null
      this.#send(session.exportKeyingMaterial(this.#options.text('export-label'), context, exportLength))
    }
    if (this.#options.has('shim-writes-first')) this.#send(toUtf8('hello'))
    if (this.#options.has('shim-shuts-down')) this.#association.close(this.#now)
    else this.#updateKeys('key-update-before-read')
  }

  /** The runner expects to get back what it sent, each bit turned over. */
  #echo(data: Uint8Array): void {
    this.#updateKeys('key-update')
    if (data.length > 0) this.#send(data.map((byte) => byte ^ 0xff))
    this.#updateKeys('key-update-before-read')
  }

  #updateKeys(when: 'key-update' | 'key-update-before-read'): void {
    if (this.#options.has(when) && !this.#association.updateKeys(this.#now))
      this.#fail('keys cannot be updated')
  }

  #send(data: Uint8Array): void {
    this.#association.send(this.#now, data)
  }

  #closed(reason: CloseReason): void {
    if (reason.kind === 'peer-misbehaved') this.#fail(`:${reason.error.code}: ${reason.error.message}`)
    else if (reason.kind === 'alert') this.#fail(`:alert-${reason.name}: the peer reported ${reason.name}`)
    else if (reason.kind !== 'local' && reason.kind !== 'close-notify') this.#fail(`:${reason.kind}:`)
    else if (!this.#isConnected) this.#fail(`:closed-early: ${reason.kind}`)
    this.#socket.end()
  }

  /** The first failure is the one that counts. What was written, an alert perhaps, still reaches the runner. */
  #fail(message: string): void {
    this.#failure ??= new ExchangeFailed(message)
    this.#socket.end()
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

/** Where the clock starts: not at zero, so that nothing relies on that. */
const epoch = 1_234_000
/** Longer than any test lets pass. */
export const never = 1e12
