import { Counters, type Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import type { Base, LocalCandidate } from './base.ts'
import type { IceCandidate } from './candidate.ts'
import type { IceConfig } from './config.ts'
import { Consent, type ConsentHost } from './consent.ts'
import { checkCredentials, generateCredentials, type IceCredentials } from './credentials.ts'
import type { Discarded } from './discarded.ts'
import { drawFraction } from './draw-fraction.ts'
import { Foundations } from './foundation.ts'
import { Gatherer } from './gatherer.ts'
import type { IceHost } from './host.ts'
import { Outbox } from './outbox.ts'
import type { Pair } from './pair.ts'
import { Processing } from './processing.ts'
import { Reception } from './reception.ts'
import { RemoteTrickle } from './remote-trickle.ts'
import type { IceRole } from './role.ts'
import { Routine } from './routine.ts'
import { Session } from './session.ts'
import { sessionOptions } from './session-config.ts'
import { Sessions } from './sessions.ts'
import { StateReporter } from './state-reporter.ts'
import { Statistics } from './stats.ts'

/** The machines that an agent consists of, wired to each other and to the agent's host. */
export class AgentParts implements ConsentHost {
  readonly discarded: Counters<Discarded> = new Counters()
  readonly stats: Statistics = new Statistics()
  readonly outbox: Outbox = new Outbox()
  readonly reporter: StateReporter
  readonly gatherer: Gatherer
  readonly sessions: Sessions
  readonly consent: Consent
  readonly routine: Routine
  readonly reception: Reception
  readonly processing: Processing
  readonly trickle: RemoteTrickle
  /** Those of the present session that the host was told. */
  localCandidates: IceCandidate[] = []
  readonly #config: IceConfig
  readonly #host: IceHost
  readonly #foundations = new Foundations()

  constructor(config: IceConfig, host: IceHost) {
    this.#config = config
    this.#host = host
    this.reporter = new StateReporter(host, this.outbox, config.continualGathering ?? false)
    this.gatherer = this.#createGatherer()
    const first = this.createSession(config.role, config.localCredentials)
    this.sessions = new Sessions(config.crypto, first, {
      respond: (now, base, to, bytes) => this.#respond(now, base, to, bytes),
      responseAccepted: () => this.stats.responsesReceived++,
      discarded: (reason) => this.discarded.count(reason),
    })
    this.trickle = new RemoteTrickle(host, this.outbox, this.sessions, this.discarded)
    const { crypto, disconnectedTimeout = 7_000 } = config
    this.consent = new Consent({ silence: disconnectedTimeout }, () => drawFraction(crypto), this)
    this.routine = new Routine(config.crypto, host, this)
    this.processing = new Processing(sessionOptions(config).pacing, this)
    this.reception = new Reception(this.sessions, this.consent, this.stats, this.discarded, {
      isActive: () => this.processing.isActive,
      handleResponse: (now, base, from, message) => this.gatherer.handleResponse(now, base, from, message),
      unsettled: () => this.processing.unsettle(),
      received: (now, bytes) => host.received(now, bytes),
    })
  }

  createSession(role: IceRole, credentials?: IceCredentials): Session {
    if (credentials !== undefined) checkCredentials(credentials, 'ours')
    const host = this.#host
    const shared = {
      role,
      credentials: credentials ?? generateCredentials(this.#config.crypto),
      foundations: this.#foundations,
    }
    return new Session(
      { hasCheckFilter: host.acceptCheck !== undefined, ...shared, ...sessionOptions(this.#config) },
      {
        request: (now, base, to, bytes) => {
          this.stats.requestsSent++
          this.outbox.post(() => base.send(now, to, bytes))
        },
        respond: (now, base, to, bytes) => this.#respond(now, base, to, bytes),
        acceptPair: (pair) => host.acceptPair?.(pair) ?? true,
        acceptCheck: ({ address: to }, from, { isNominating }) =>
          host.acceptCheck?.({ from, to, isNominating }) ?? true,
        pairSelected: (pair) => this.outbox.post(() => host.pairSelected(pair)),
        pairFailed: (pair, reason) => this.outbox.post(() => host.pairFailed?.(pair, reason)),
        heard: (now, pair) => this.reception.heard(now, pair),
        asked: (now, pair) => this.reception.asked(now, pair),
        discarded: (reason) => this.discarded.count(reason),
        later: (action) => this.outbox.post(action),
      },
    )
  }

  consentCheckDue(now: Millis, pair: Pair): void {
    if (this.routine.ask(now)) return
    this.processing.forgetTimeout()
    this.sessions.checkConsent(now, pair)
  }

  silenceChanged(_now: Millis, pair: Pair): void {
    if (pair.isSilent) this.sessions.current.recheck()
  }

  consentExpired(_now: Millis, pair: Pair): void {
    this.sessions.fail(pair, 'consent-expired')
  }

  #createGatherer(): Gatherer {
    const { crypto, policy = 'all', gatherTimeout = 10_000, lite = false } = this.#config
    const host = this.#host
    const servers = lite ? [] : (this.#config.servers ?? [])
    const config = { crypto, servers, policy, timeout: gatherTimeout, foundations: this.#foundations }
    return new Gatherer(config, {
      transmit: (socket, to, bytes) => host.transmit(socket, to, bytes),
      transmitToServer: (socket, server, bytes) => host.transmitToServer?.(socket, server, bytes),
      disconnectServer: (socket, server) => host.disconnectServer?.(socket, server),
      sendQuery: (now, base, to, bytes) => this.outbox.post(() => base.send(now, to, bytes)),
      candidateFound: (local) => this.#candidateFound(local),
      candidateFailed: (error) => {
        this.processing.unsettle()
        this.outbox.post(() => host.candidateError?.(error))
      },
      relayReceived: (now, base, peer, bytes) => this.reception.receive(now, base, peer, bytes),
      relayLost: (base, isReleased) => {
        this.processing.unsettle()
        this.sessions.removeBase(base, isReleased ? null : 'relay-lost')
      },
      relayRefused: (base, peer, code) => {
        this.processing.unsettle()
        this.sessions.failPeer(base, peer, `${code}`)
      },
    })
  }

  #candidateFound(local: LocalCandidate): void {
    this.processing.unsettle()
    const { current } = this.sessions
    const candidate = { ...local.candidate, usernameFragment: current.credentials.usernameFragment }
    if (this.#host.acceptLocalCandidate?.(candidate) === false) {
      this.discarded.count('refused-candidate')
      return
    }
    this.localCandidates.push(candidate)
    current.addLocal({ ...local, candidate })
    this.outbox.post(() => this.#host.candidateGathered(candidate))
  }

  #respond(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void {
    this.stats.responsesSent++
    this.outbox.post(() => base.send(now, to, bytes))
  }
}
