import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'

import { Peer, PeerError } from '@purertc/peer-connection'

import type { Reporter } from '../report.ts'
import { SessionFailure, stepOf } from './failure.ts'
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
  const abort = (): void => session.fail(new SessionFailure('Communicating', 'interrupted'))
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
  #fail: (reason: SessionFailure) => void = () => {}
  #isJoined = false
  #isConnected = false
  #farewell: NodeJS.Timeout | undefined

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
      for (const path of this.#options.send) await access(path, constants.R_OK)
    } catch (error) {
      throw this.#failureOf(error)
    }
  }

  fail(reason: SessionFailure): void {
    this.#fail(reason)
  }

  async close(): Promise<void> {
    clearTimeout(this.#farewell)
    await this.#peer.close()
    await this.#narrator.finish()
  }

  async #connect(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const { reached } = this.#narrator
        reject(
          new SessionFailure(reached, `no connection within ${this.#options.timeout} s (${hints[reached]})`),
        )
      }, this.#options.timeout * 1_000)
    })
    // Data could flow before the nomination; waiting for it, the report says over which pair it does.
    const connected = Promise.all([this.#once('connect'), this.#once('candidatePairNominated')])
    try {
      await this.#peer.connect()
      await Promise.race([connected, late])
    } catch (error) {
      throw error instanceof SessionFailure ? error : this.#failureOf(error)
    } finally {
      clearTimeout(timer)
    }
  }

  #once(event: 'connect' | 'candidatePairNominated'): Promise<void> {
    return new Promise((resolve) => this.#peer.once(event, () => resolve()))
  }

  async #exchange(): Promise<void> {
    for (const text of this.#options.say) this.#say(text)
    try {
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
      await sendPath(connection, path, (report) => this.#narrator.tell(report))
    }
  }

  async #chat(): Promise<void> {
    const lines = createInterface({ input: process.stdin })
    this.#peer.once('remoteDisconnect', () => lines.close())
    for await (const line of lines) this.#say(line)
  }

  #say(text: string): void {
    this.#peer.send(text)
    this.#narrator.tell({ step: 'Communicating', event: 'text', direction: 'sent', text })
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
    receiveInto(channel, this.#options.output, (report) => this.#narrator.tell(report)).then(
      () => this.#files.count(),
      (error: unknown) => this.#fail(this.#failureOf(error)),
    )
  }

  #failureOf(error: unknown): SessionFailure {
    const step = error instanceof PeerError ? (stepOf[error.code] ?? this.#narrator.reached) : 'Communicating'
    return new SessionFailure(step, explain(error), { cause: error })
  }
}

/** The message, and those of the causes below it. */
function explain(error: unknown): string {
  const messages: string[] = []
  for (let at = error; at instanceof Error && messages.length < 4; at = at.cause)
    if (at.message !== '' && !messages.includes(at.message)) messages.push(at.message)
  return messages.length > 0 ? messages.join(': ') : String(error)
}

/** Resolves when so many things have come. */
class Countdown {
  readonly done: Promise<void>
  #left: number
  #finish: () => void = () => {}

  constructor(left: number) {
    this.#left = left
    this.done = new Promise((resolve) => (this.#finish = resolve))
    if (left === 0) this.#finish()
  }

  count(): void {
    if (--this.#left === 0) this.#finish()
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
