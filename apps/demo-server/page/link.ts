import { receiveFile, type RunningHash, sendFile, transferProtocol } from './transfer.ts'
import type { View } from './view.ts'

/** What the link says to the other side over the signalling channel. */
export interface LinkSignaling {
  description(description: { type: 'offer' | 'answer'; sdp: string }): void
  candidate(candidate: RTCIceCandidate | null): void
}

/** One peer connection to one peer: messages over a channel of their own, every file over another. */
export class Link {
  /** The other side's name on the channel. */
  readonly peer: string
  readonly #connection: RTCPeerConnection
  readonly #signaling: LinkSignaling
  readonly #view: View
  #chat: RTCDataChannel | null = null

  constructor(peer: string, iceServers: RTCIceServer[], signaling: LinkSignaling, view: View) {
    const connection = new RTCPeerConnection({ iceServers })
    this.peer = peer
    this.#signaling = signaling
    this.#connection = connection
    this.#view = view
    connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) view.log(`gathered ${candidate.candidate}`)
      signaling.candidate(candidate)
    })
    connection.addEventListener('negotiationneeded', () => void this.#describe())
    connection.addEventListener('iceconnectionstatechange', () => this.#showConnecting())
    connection.addEventListener('connectionstatechange', () => void this.#showState())
    connection.addEventListener('datachannel', ({ channel }) => this.#adopt(channel))
  }

  /** Makes the offer: it takes a channel to have something to negotiate. */
  offer(): void {
    this.#useChat(this.#connection.createDataChannel('chat'))
  }

  async describe(description: { type: 'offer' | 'answer'; sdp: string }): Promise<void> {
    await this.#connection.setRemoteDescription(description)
    if (description.type === 'offer') await this.#describe()
  }

  async candidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    await this.#connection.addIceCandidate(candidate ?? undefined)
  }

  async renegotiate(restart: boolean): Promise<void> {
    if (restart) this.#connection.restartIce()
    else await this.#describe()
  }

  /** For the next path that is looked for. */
  useIceServers(iceServers: RTCIceServer[]): void {
    this.#connection.setConfiguration({ ...this.#connection.getConfiguration(), iceServers })
  }

  say(text: string): void {
    this.#chat?.send(text)
    this.#view.message(text, true)
  }

  async send(file: File): Promise<void> {
    const channel = this.#connection.createDataChannel(file.name, { protocol: transferProtocol })
    const line = this.#view.transfer(`Sending ${file.name}`)
    const source = {
      name: file.name,
      size: file.size,
      read: async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> =>
        new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
    }
    try {
      const { sha256 } = await sendFile(channel, source, new WholeHash(), (bytes, total) =>
        line.progress(bytes, total),
      )
      line.done(`received by the peer, SHA-256 ${sha256.slice(0, 16)}…`)
      channel.close()
    } catch (error) {
      line.failed(reasonOf(error))
    }
  }

  close(): void {
    this.#connection.close()
    this.#view.connected(false)
  }

  async #describe(): Promise<void> {
    await this.#connection.setLocalDescription()
    const description = this.#connection.localDescription
    if (description && (description.type === 'offer' || description.type === 'answer'))
      this.#signaling.description({ type: description.type, sdp: description.sdp })
  }

  #adopt(channel: RTCDataChannel): void {
    if (channel.protocol === transferProtocol) void this.#receive(channel)
    else this.#useChat(channel)
  }

  #useChat(channel: RTCDataChannel): void {
    this.#chat = channel
    channel.addEventListener('open', () => {
      this.#view.connected(true)
      this.#view.step('communicating', 'active', 'data channel open')
    })
    channel.addEventListener('close', () => this.#view.connected(false))
    channel.addEventListener('message', ({ data }) => this.#view.message(String(data), false))
    if (channel.readyState === 'open') this.#view.connected(true)
  }

  async #receive(channel: RTCDataChannel): Promise<void> {
    const pieces: Uint8Array<ArrayBuffer>[] = []
    const line = this.#view.transfer(`Receiving ${channel.label}`)
    try {
      const { name, sha256 } = await receiveFile(
        channel,
        () => ({ write: (piece) => void pieces.push(piece as Uint8Array<ArrayBuffer>) }),
        new WholeHash(),
        (bytes, total) => line.progress(bytes, total),
      )
      line.done(`verified, SHA-256 ${sha256.slice(0, 16)}…`, { blob: new Blob(pieces), name })
      this.#view.step('communicating', 'done', `received ${name}`)
    } catch (error) {
      line.failed(reasonOf(error))
    }
  }

  #showConnecting(): void {
    const state = this.#connection.iceConnectionState
    this.#view.step('connecting', stateOf[state], state)
  }

  async #showState(): Promise<void> {
    const state = this.#connection.connectionState
    if (state === 'failed') this.#view.step('securing', 'failed', 'the connection failed')
    if (state === 'disconnected') this.#view.step('communicating', 'failed', 'the peer does not answer')
    if (state === 'connected') await this.#showTransport()
  }

  async #showTransport(): Promise<void> {
    const stats = await this.#connection.getStats()
    for (const report of stats.values() as Iterable<Record<string, string | undefined>>) {
      if (report['type'] !== 'transport') continue
      const pair = stats.get(report['selectedCandidatePairId'] ?? '') as PairStats | undefined
      const local = pair && (stats.get(pair.localCandidateId) as CandidateStats | undefined)
      const remote = pair && (stats.get(pair.remoteCandidateId) as CandidateStats | undefined)
      if (local && remote)
        this.#view.step(
          'connecting',
          'done',
          `${local.candidateType} → ${remote.candidateType} over ${local.protocol}`,
        )
      this.#view.step(
        'securing',
        'done',
        `DTLS ${tlsVersions[report['tlsVersion'] ?? ''] ?? '?'}, ${report['dtlsCipher'] ?? '?'}`,
      )
    }
  }
}

interface PairStats {
  readonly localCandidateId: string
  readonly remoteCandidateId: string
}

interface CandidateStats {
  readonly candidateType: string
  readonly protocol: string
}

/** The browser's SHA-256 takes the whole at once; the pieces are kept for saving anyway. */
class WholeHash implements RunningHash {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = []

  update(piece: Uint8Array): void {
    this.#pieces.push(piece as Uint8Array<ArrayBuffer>)
  }

  async hex(): Promise<string> {
    const whole = await new Blob(this.#pieces).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole))
    return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The versions as getStats has them, in hexadecimal. */
const tlsVersions: Readonly<Record<string, string>> = { FEFD: '1.2', FEFC: '1.3' }

const stateOf = {
  new: 'idle',
  checking: 'active',
  connected: 'done',
  completed: 'done',
  disconnected: 'failed',
  failed: 'failed',
  closed: 'idle',
} as const
