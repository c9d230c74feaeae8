import type { Peer, RTCIceCandidateInit } from '@purertc/peer-connection'
import { RTCIceCandidate } from '@purertc/peer-connection'

import type { Report, Reporter, Step } from '../report.ts'
import { steps } from '../report.ts'

/** Tells what a peer goes through, in the order in which it happens, and knows how far it has come. */
export class Narrator {
  readonly #reporter: Reporter
  readonly #peer: Peer
  #reached: Step = 'Signaling'
  #gathered = 0
  #nominated = ''
  /** Reports wait for one another where one needs an answer first. */
  #tail: Promise<void> = Promise.resolve()

  constructor(peer: Peer, reporter: Reporter) {
    this.#peer = peer
    this.#reporter = reporter
    peer.on('joined', ({ channel, members }) =>
      this.tell({ step: 'Signaling', event: 'joined', channel, members: members.length + 1 }),
    )
    peer.on('localDescription', ({ type }) => this.#message('sent', type))
    peer.on('remoteDescription', ({ type }) => this.#message('received', type))
    peer.on('localCandidate', (candidate) => this.#candidate('local', candidate))
    peer.on('remoteCandidate', (candidate) => this.#candidate('remote', candidate))
    peer.on('candidatePairNominated', ({ local, remote }) => this.#pair(text(local), text(remote)))
    peer.on('candidatePairFailed', ({ pair, reason }) =>
      this.tell({
        step: 'Connecting',
        event: 'note',
        text: `pair ${text(pair.local)} → ${text(pair.remote)} failed: ${reason}`,
      }),
    )
    peer.on('secured', ({ version, cipherSuite, fingerprint }) =>
      this.tell({ step: 'Securing', event: 'secured', version, cipherSuite, fingerprint }),
    )
  }

  /** The furthest step that anything was told of. */
  get reached(): Step {
    return this.#reached
  }

  tell(report: Report): void {
    if (steps.indexOf(report.step) > steps.indexOf(this.#reached)) this.#reached = report.step
    this.#tail = this.#tail.then(() => this.#reporter.report(report))
  }

  /** Resolves when everything is told. */
  async finish(): Promise<void> {
    await this.#tail
  }

  #message(direction: 'sent' | 'received', kind: string): void {
    this.tell({ step: 'Signaling', event: 'message', direction, kind })
  }

  #candidate(side: 'local' | 'remote', candidate: RTCIceCandidateInit | null): void {
    this.#message(
      side === 'local' ? 'sent' : 'received',
      candidate === null ? 'end of candidates' : 'candidate',
    )
    if (candidate === null) return
    if (side === 'local') this.#gathered++
    const { type, address, port } = new RTCIceCandidate(candidate)
    this.tell({ step: 'Connecting', event: 'candidate', side, candidate: `${type} ${address}:${port}` })
  }

  #pair(local: string, remote: string): void {
    if (this.#nominated === `${local} ${remote}`) return
    this.#nominated = `${local} ${remote}`
    const candidatesGathered = this.#gathered
    this.#reached = 'Connecting'
    this.#tail = this.#tail.then(async () => {
      const pairsChecked = await this.#pairsChecked()
      this.#reporter.report({
        step: 'Connecting',
        event: 'nominated',
        local,
        remote,
        candidatesGathered,
        pairsChecked,
      })
    })
  }

  async #pairsChecked(): Promise<number> {
    const stats = await this.#peer.connection?.getStats()
    let checked = 0
    for (const report of stats?.values() ?? [])
      if (report.type === 'candidate-pair' && Number(report['requestsSent']) > 0) checked++
    return checked
  }
}

const text = ({ type, address, port }: { type: string; address: string; port: number }): string =>
  `${type} ${address.includes(':') ? `[${address}]` : address}:${port}`
