import type { Certificate } from '@purertc/dtls'
import { type DataMode, transportOf } from '@purertc/sdp'

import { invalidState } from '../errors.ts'
import { isGiven } from '../is-given.ts'
import { type DataSection, type Description, isSameSession } from '../negotiation/description.ts'
import type { LocalTransport } from '../negotiation/local-description.ts'
import { Negotiator } from '../negotiation/negotiator.ts'
import type { DescriptionType, Side, SignalingState } from '../negotiation/signaling-session.ts'
import type { ConnectionTransport } from './connection-transport.ts'
import type { DataPlane } from './data-plane.ts'
import { DescriptionViews } from './description-views.ts'
import type { RTCIceCandidateInit } from './ice-candidate.ts'
import type { RTCIceServer } from './ice-servers.ts'
import { RemoteCandidates } from './remote-candidates.ts'
import type { RTCSessionDescription } from './session-description.ts'

/**
 * The descriptions of a connection and what follows from them: they are made of what the transport is, and once they
 * are agreed on they bring it about.
 */
export class ConnectionSession {
  readonly #negotiator: Negotiator
  readonly #transport: ConnectionTransport
  readonly #data: DataPlane
  readonly #remoteCandidates = new RemoteCandidates()
  readonly #views = new DescriptionViews()
  /** The username fragment that a restart is to replace. */
  #fragmentToReplace: string | null = null

  constructor(negotiator: Negotiator, transport: ConnectionTransport, data: DataPlane) {
    this.#negotiator = negotiator
    this.#transport = transport
    this.#data = data
  }

  get state(): SignalingState {
    return this.#negotiator.session.state
  }

  /** Whether both ends have accepted data channels. */
  get hasDataChannels(): boolean {
    return this.#negotiator.agreement?.local.mode === 'datachannel'
  }

  /** This end's data section, as its latest description has it. */
  get localSection(): DataSection | null {
    return this.#negotiator.localDescription?.data ?? null
  }

  /** Whether the peer's description takes candidates that come later; null before there is one. */
  get canTrickle(): boolean | null {
    const remote = this.#negotiator.remoteDescription
    if (remote === null) return null
    const { parsed } = remote
    return parsed.media.some((media) => transportOf(parsed, media).iceOptions.includes('trickle'))
  }

  /** WebRTC §4.7.3, "check if negotiation is needed", without what is about media. */
  get isNegotiationNeeded(): boolean {
    const isUndescribed = this.#ownMode !== null && !isGiven(this.#negotiator.session.current.local?.data)
    return isUndescribed || this.#wantsRestart
  }

  /** The description of a side with the candidates that belong to it. */
  show(when: 'current' | 'pending', side: Side): RTCSessionDescription | null {
    const description = this.#negotiator.session[when][side]
    if (description === null) return null
    if (side === 'local') return this.#showLocal(description)
    const { lines, isComplete } = this.#remoteCandidates.of(description)
    return this.#views.show(description, lines, isComplete)
  }

  makeOffer(certificate: Certificate): string {
    return this.#negotiator.createOffer(this.#ownMode, () => {
      this.#transport.create('controlling')
      if (this.#wantsRestart) this.#transport.prepareRestart()
      return this.#describeTransport(certificate, null)
    })
  }

  makeAnswer(certificate: Certificate): string {
    return this.#negotiator.createAnswer((offer) => {
      this.#transport.create('controlled')
      if (this.#isRestart(offer)) this.#transport.prepareRestart()
      return this.#describeTransport(certificate, offer)
    })
  }

  /** Without a type, the one that fits the state; without SDP, what was made last, or is made now. */
  applyLocal(
    given: { readonly type?: DescriptionType; readonly sdp?: string },
    certificate: Certificate,
    servers: readonly RTCIceServer[],
  ): void {
    const type = given.type ?? this.#negotiator.implicitType()
    if (type === 'rollback') {
      this.#negotiator.applyLocal(type, '')
      this.#transport.discard()
      return
    }
    const sdp = given.sdp ?? ''
    const applied = this.#negotiator.applyLocal(type, sdp === '' ? this.#made(type, certificate) : sdp)
    if (applied.data !== null) this.#transport.gather(servers)
    if (type !== 'offer') this.#agreed(certificate)
  }

  applyRemote(type: DescriptionType, sdp: string, certificate: Certificate): void {
    this.#negotiator.applyRemote(type, sdp, this.#ownMode)
    // What was made for an offer of our own, if anything, would claim the wrong ICE role.
    if (type === 'offer' || type === 'rollback') this.#transport.discard()
    else this.#agreed(certificate)
  }

  /** Throws InvalidStateError without a remote description, OperationError for what fits none of it. */
  addCandidate(init: RTCIceCandidateInit): void {
    const { pending, current } = this.#negotiator.session
    const descriptions = [pending.remote, current.remote].filter((description) => description !== null)
    if (descriptions.length === 0) throw invalidState('there is no remote description')
    const owner = this.#remoteCandidates.owner(init, descriptions)
    if (owner === null) return
    const line = init.candidate ?? ''
    const isAgreed = owner === this.#negotiator.agreement?.description
    if (this.#remoteCandidates.add(owner, line) && isAgreed)
      this.#transport.run((transport, now) => transport.addRemoteCandidate(now, line))
  }

  /** The next offer announces a new ICE session in place of the present one, if there is one. */
  restart(): void {
    const { agreement } = this.#negotiator
    this.#fragmentToReplace = agreement?.local.credentials.usernameFragment ?? null
  }

  close(): void {
    this.#negotiator.session.close()
  }

  #made(type: DescriptionType, certificate: Certificate): string {
    const made = this.#negotiator.lastMade(type)
    return made ?? (type === 'offer' ? this.makeOffer(certificate) : this.makeAnswer(certificate))
  }

  #describeTransport(certificate: Certificate, offer: DataSection | null): LocalTransport {
    return this.#transport.describe([certificate.fingerprint('sha-256')], offer)
  }

  /** Whether the credentials that a restart is to replace are still in force. */
  get #wantsRestart(): boolean {
    const fragment = this.#fragmentToReplace
    return fragment !== null && this.#negotiator.agreement?.local.credentials.usernameFragment === fragment
  }

  /** Whether the peer's offer announces another ICE session than the one in force, RFC 8839 §4.4.3.1.1. */
  #isRestart(offer: DataSection): boolean {
    const known = this.#negotiator.agreement?.remote
    return known !== undefined && !isSameSession(known, offer)
  }

  /** What the application has asked for, or what was agreed; null while it is open. */
  get #ownMode(): DataMode | null {
    return this.#data.mode ?? this.#negotiator.mode
  }

  #agreed(certificate: Certificate): void {
    const agreement = this.#negotiator.agreement
    if (agreement === null) {
      if (this.#negotiator.isRefused) this.#data.refuse()
      return
    }
    const { local, remote, dtlsRole, description } = agreement
    const { lines, isComplete } = this.#remoteCandidates.of(description)
    const { iceLite, icePacing } = description.parsed
    this.#transport.start(
      {
        mode: local.mode,
        dtlsRole,
        certificate,
        remoteCredentials: remote.credentials,
        remoteIsLite: iceLite,
        ...(icePacing !== undefined && { remotePacing: icePacing }),
        iceOptions: local.iceOptions.filter((option) => remote.iceOptions.includes(option)),
        remoteFingerprints: remote.fingerprints,
        remoteSctpPort: remote.sctpPort,
        remoteMaxMessageSize: remote.maxMessageSize,
        ...(local.sctpInit !== undefined &&
          remote.sctpInit !== undefined && {
            exchangedInits: { local: local.sctpInit, remote: remote.sctpInit },
          }),
      },
      isComplete ? [...lines, ''] : lines,
    )
    this.#data.start(remote)
  }

  #showLocal(description: Description): RTCSessionDescription | null {
    const { candidates, hasAllCandidates, usernameFragment } = this.#transport
    const { data } = description
    return data?.credentials.usernameFragment === usernameFragment
      ? this.#views.show(description, candidates, hasAllCandidates)
      : this.#views.show(description, data?.candidates ?? [], false)
  }
}
