import { SignalingClientError } from './client-error.ts'
import { SignalingClient } from './client.ts'
import type { JoinOptions, SignalingClientOptions } from './options.ts'
import type { Signaling, SignalingFrame, SignalingHost } from './signaling.ts'

/** {@link Signaling} over a signalling server. */
export class ServerSignaling implements Signaling {
  readonly client: SignalingClient
  #host: SignalingHost | undefined

  constructor(options: SignalingClientOptions) {
    this.client = new SignalingClient(options)
    this.#listen()
  }

  get isJoined(): boolean {
    return this.client.channel !== undefined
  }

  async join(channel: string, options: JoinOptions, host: SignalingHost): Promise<void> {
    this.#host = host
    if (this.client.state === 'closed') await this.client.connect()
    await this.client.join(channel, options)
  }

  /** Where too much waits for the server, the host is told that it `failed`. */
  send(frame: SignalingFrame, to: string): void {
    if (this.#say(frame, to) || !this.isJoined) return
    this.#host?.failed(new SignalingClientError('too-much', `no ${frame.type} can be sent to ${to}`))
  }

  #say(frame: SignalingFrame, to: string): boolean {
    if (frame.type === 'description') return this.client.sendDescription(frame.description, to)
    if (frame.type === 'candidate') return this.client.sendCandidate(frame.candidate, to)
    return this.client.sendRenegotiate(to, frame.restart)
  }

  bye(): void {
    this.client.bye()
  }

  close(): Promise<void> {
    return this.client.close()
  }

  #listen(): void {
    const { client } = this
    client.on('joined', ({ channel, peer, members }) => {
      const names = members.map((member) => member.peer)
      this.#host?.joined({ channel, peer, members: names, iceServers: client.iceServers })
    })
    client.on('peerJoined', ({ peer, role }) => this.#host?.peerJoined(peer, role))
    client.on('description', ({ from, description }) =>
      this.#host?.received(from, { type: 'description', description }),
    )
    client.on('candidate', ({ from, candidate }) =>
      this.#host?.received(from, { type: 'candidate', candidate }),
    )
    client.on('renegotiate', ({ from, restart }) =>
      this.#host?.received(from, { type: 'renegotiate', restart }),
    )
    client.on('remoteClose', ({ peer }) => this.#host?.peerLeft(peer, 'hangup'))
    client.on('peerLeft', ({ peer }) => this.#host?.peerLeft(peer, 'left'))
    client.on('iceServers', ({ iceServers }) => this.#host?.iceServers(iceServers))
    client.on('rawMessage', (text) => this.#host?.rawMessage(text))
    client.on('reconnecting', () => this.#host?.interrupted(false))
    client.on('resumed', () => this.#host?.interrupted(true))
    client.on('error', (error) => {
      // What was said until this end heard that the session is over: late rather than wrong.
      if (error.code !== 'not-joined') this.#host?.failed(error)
    })
    client.on('close', ({ code, reason }) => this.#host?.closed(code, reason))
  }
}
