import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { createInterface, type Interface } from 'node:readline'

import { Peer, PeerError } from '@purertc/peer-connection'

import type { Reporter } from '../report.ts'
import { Countdown } from './countdown.ts'
import { explain, SessionFailure, stepOf } from './failure.ts'
import { type Connection, isTransfer, receiveInto, sendPath } from './file-exchange.ts'
import { Narrator } from './narrator.ts'
import type { SessionOptions } from './options.ts'

/**
 * Joins the channel, connects to the peer there, does what was asked for, and hangs up. Rejects with
 * {@link SessionFailure} when something stays undone. Aborting `signal` ends it early.
 */
export async function runSession(
  options: SessionOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const session = new Session(options, reporter)
  const abort = (): void => session.interrupt()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await session.run()
  } finally {
    signal.removeEventListener('abort', abort)
    await session.close()
  }
}

class Session {
  readonly #options: SessionOptions
  readonly #peer: Peer
  readonly #narrator: Narrator
  readonly #texts: Countdown
  readonly #files: Countdown
  readonly #failed: Promise<never>
  readonly #peerGone: Promise<void>
  readonly #closing = new AbortController()
  /** Each resolves when its file is complete, or gone. */
  readonly #receptions: Promise<void>[] = []
  #fail: (reason: SessionFailure) => void = () => {}
  #isJoined = false
  #isConnected = false
  #deadline: NodeJS.Timeout | undefined
  #farewell: NodeJS.Timeout | undefined
  #lines: Interface | undefined

  constructor(options: SessionOptions, reporter: Reporter) {
    this.#options = options
    this.#texts = new Countdown(options.listen)
    this.#files = new Countdown(options.receive)
    this.#peer = new Peer({
      signaling: options.signaling,
      channel: options.channel,
      mode: options.datagram ? 'datagram' : 'datachannel',
      dataChannel: { label: 'chat' },
      iceTransportPolicy: options.relay ? 'relay' : 'all',
      network: { includeLoopback: options.loopback },
    })
    this.#narrator = new Narrator(this.#peer, reporter)
    this.#peerGone = new Promise((resolve) => this.#peer.once('remoteDisconnect', () => resolve()))
    this.#failed = new Promise((_, reject) => (this.#fail = reject))
    // The session may be over, and nobody may look at the promise any more, when a late fault comes in.
    this.#failed.catch(() => {})
    this.#listen()
  }

  async run(): Promise<void> {
    await this.#checkFiles()
    await Promise.race([this.#connect(), this.#failed])
    this.#isConnected = true
    await Promise.race([this.#exchange(), this.#failed])
    if (this.#options.datagram && this.#options.say.length > 0) await this.#outstay()
  }

  /** Nothing tells that a datagram came, and a goodbye may overtake it: who spoke stays until the listener is done. */
  async #outstay(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE)))
    await Promise.race([this.#peerGone, patience])
    clearTimeout(timer)
  }

  /** Better now than when a peer waits for them. */
  async #checkFiles(): Promise<void> {
    try {
      for (const path of this.#options.send) {
        await access(path, constants.R_OK)
        if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`)
      }
      if (this.#options.receive > 0) await mkdir(this.#options.output, { recursive: true })
    } catch (error) {
      throw this.#failureOf(error)
    }
  }

  /** Whoever interrupts does not wait until what was sent has arrived. */
  interrupt(): void {
    this.#fail(new SessionFailure(this.#narrator.reached, 'interrupted'))
    this.#peer.clear()
  }

  async close(): Promise<void> {
    clearTimeout(this.#deadline)
    clearTimeout(this.#farewell)
    this.#lines?.close()
    await this.#peer.close()
    this.#closing.abort(new SessionFailure('Communicating', 'the session is over'))
    await Promise.all(this.#receptions)
    await this.#narrator.finish()
  }

  async #connect(): Promise<void> {
    this.#deadline = setTimeout(() => {
      const { reached } = this.#narrator
      const { timeout } = this.#options
      const hint = this.#isJoined ? hints[reached] : 'the signalling server does not answer'
      this.#fail(new SessionFailure(reached, `no connection within ${timeout} s (${hint})`))
    }, this.#options.timeout * 1_000)
    // Data could flow before the nomination; waiting for it, the report says over which pair it does.
    const connected = Promise.all([this.#once('connect'), this.#once('candidatePairNominated')])
    try {
      await this.#peer.connect()
      await connected
    } catch (error) {
      throw this.#failureOf(error)
    } finally {
      clearTimeout(this.#deadline)
    }
  }

  #once(event: 'connect' | 'candidatePairNominated' | 'drain'): Promise<void> {
    return new Promise((resolve) => this.#peer.once(event, () => resolve()))
  }

  async #exchange(): Promise<void> {
    try {
      for (const text of this.#options.say) await this.#say(text)
      await Promise.all([
        this.#sendAll(),
        this.#files.done,
        this.#texts.done,
        this.#options.chat ? this.#chat() : undefined,
      ])
    } catch (error) {
      throw this.#failureOf(error)
    }
  }

  /** One file after the other: side by side they would only share the path. */
  async #sendAll(): Promise<void> {
    for (const path of this.#options.send) {
      const { connection } = this.#peer
      if (connection === null) throw new PeerError('not-connected', 'the peer is gone')
      await sendPath(connection, path, (report) => this.#narrator.tell(report), this.#closing.signal)
    }
  }

  async #chat(): Promise<void> {
    const lines = createInterface({ input: process.stdin })
    this.#lines = lines
    this.#peer.once('remoteDisconnect', () => lines.close())
    for await (const line of lines) await this.#say(line)
  }

  /** Resolves when there is room for the next one. */
  async #say(text: string): Promise<void> {
    const hasRoom = this.#peer.send(text)
    this.#narrator.tell({ step: 'Communicating', event: 'text', direction: 'sent', text })
    if (!hasRoom) await this.#once('drain')
  }

  #listen(): void {
    const peer = this.#peer
    let known: Connection | null = null
    // The earliest moment at which there is a connection: no channel can have come over it yet.
    peer.on('remoteDescription', () => {
      if (peer.connection === known) return
      known = peer.connection
      known?.addEventListener('datachannel', ({ channel }) => {
        if (isTransfer(channel)) this.#receive(channel)
      })
    })
    peer.on('message', (message) => {
      const text = typeof message === 'string' ? message : new TextDecoder().decode(message)
      this.#narrator.tell({ step: 'Communicating', event: 'text', direction: 'received', text })
      this.#texts.count()
    })
    peer.on('error', (error) => {
      if (this.#survives(error))
        this.#narrator.tell({ step: this.#narrator.reached, event: 'note', text: error.message })
      else this.#fail(this.#failureOf(error))
    })
    peer.on('joined', () => (this.#isJoined = true))
    peer.on('interrupted', ({ isOver }) =>
      this.#narrator.tell({
        step: 'Signaling',
        event: 'note',
        text: isOver ? 'the signalling connection is back' : 'the signalling connection broke; trying again',
      }),
    )
    peer.on('remoteDisconnect', () => {
      // Whoever is done hangs up; what is on its way to here gets a moment to be counted.
      this.#farewell ??= setTimeout(
        () => this.#fail(new SessionFailure('Communicating', 'the peer hung up before everything was done')),
        1_000,
      )
    })
    peer.on('disconnect', ({ code }) => {
      if (this.#isJoined && !peer.isConnected)
        this.#fail(new SessionFailure('Signaling', `the signalling server closed with ${code}`))
    })
  }

  /** Once there is a connection, or the peer has hung up, nothing depends on the signalling server any more. */
  #survives({ code }: PeerError): boolean {
    const isPastSignaling = this.#isConnected || this.#farewell !== undefined
    return stepOf[code] === null || (code === 'signaling' && isPastSignaling)
  }

  #receive(channel: Parameters<typeof receiveInto>[0]): void {
    const { output } = this.#options
    const reception = receiveInto(
      channel,
      output,
      (report) => this.#narrator.tell(report),
      this.#closing.signal,
    )
    this.#receptions.push(
      reception.then(
        () => this.#files.count(),
        (error: unknown) => this.#fail(this.#failureOf(error)),
      ),
    )
  }

  #failureOf(error: unknown): SessionFailure {
    const step = error instanceof PeerError ? (stepOf[error.code] ?? this.#narrator.reached) : 'Communicating'
    return new SessionFailure(step, explain(error), { cause: error })
  }
}

/** Milliseconds. */
const PATIENCE = 5_000

/** Why a step may take for ever. */
const hints = {
  Signaling: 'is another peer on the channel?',
  Connecting: 'no pair of candidates worked',
  Securing: 'the handshake did not complete',
  Communicating: 'the channel did not open',
} as const
