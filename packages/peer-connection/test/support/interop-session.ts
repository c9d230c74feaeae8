import { once } from 'node:events'

import { type RTCDataChannel, type RTCDataChannelEvent, RTCPeerConnection } from '../../src/index.ts'
import { type ForeignEnd, PATIENCE } from './interop-end.ts'
import type { ChannelOptions, Description } from './interop-protocol.ts'
import type { Stack } from './interop-stacks.ts'

export type Side = 'we' | 'they'

export interface SessionOptions {
  readonly offerer: Side
  /** Whose fingerprint the other is told wrongly. */
  readonly forged?: Side
}

/** Our connection and a foreign one, and the signalling between them: candidates trickle both ways. */
export class InteropSession {
  readonly ours: RTCPeerConnection = new RTCPeerConnection({ network: { includeLoopback: true } })
  readonly foreign: ForeignEnd
  /** As the other end was told. */
  readonly descriptions: Description[] = []
  readonly candidates: Record<Side, string[]> = { we: [], they: [] }
  readonly #forged: Side | null
  #fault: unknown = null

  private constructor(stack: Stack, forged: Side | null) {
    this.foreign = stack.start()
    this.#forged = forged
    this.ours.onicecandidate = ({ candidate }) => {
      this.candidates.we.push(candidate?.candidate ?? '')
      this.foreign.tell({
        do: 'candidate',
        candidate: candidate?.candidate ?? '',
        sdpMid: candidate?.sdpMid ?? '0',
      })
    }
    this.foreign.onSignal = (signal) => {
      const done = signal.event === 'description' ? this.#hear(signal) : this.#add(signal)
      done.catch((error: unknown) => void (this.#fault ??= error))
    }
  }

  /** Offers, with a channel `first` of the offerer; does not wait for the connection. */
  static async start(stack: Stack, { offerer, forged }: SessionOptions): Promise<InteropSession> {
    const session = new InteropSession(stack, forged ?? null)
    if (offerer === 'we') {
      session.ours.createDataChannel('first')
      await session.#describe()
    } else {
      session.foreign.tell({ do: 'open', label: 'first', options: {} })
      session.foreign.tell({ do: 'offer' })
    }
    return session
  }

  /** Resolves once our connection is in this state. */
  async reaches(state: RTCPeerConnection['connectionState']): Promise<void> {
    while (this.ours.connectionState !== state) await next(this.ours, 'connectionstatechange')
  }

  /** Opens a channel from here, and resolves when both ends have it. */
  async weOpen(label: string, options: ChannelOptions = {}): Promise<RTCDataChannel> {
    const channel = this.ours.createDataChannel(label, options)
    await isOpen(channel)
    await this.foreign.reports(options.negotiated === true ? 'open' : 'incoming', { label })
    return channel
  }

  /** Has the foreign end open a channel, and resolves when both ends have it. */
  async theyOpen(label: string, options: ChannelOptions = {}): Promise<RTCDataChannel> {
    const incoming = next<RTCDataChannelEvent>(this.ours, 'datachannel')
    this.foreign.tell({ do: 'open', label, options })
    const { channel } = await incoming
    await isOpen(channel)
    await this.foreign.reports('open', { label })
    return channel
  }

  /** Throws what went wrong in the signalling. */
  async close(): Promise<void> {
    this.foreign.onSignal = () => undefined
    this.ours.close()
    await this.foreign.stop()
    if (this.#fault !== null) throw this.#fault as Error
  }

  async #hear({ type, sdp }: Description): Promise<void> {
    const description = { type, sdp: this.#forged === 'they' ? forge(sdp) : sdp }
    this.descriptions.push(description)
    await this.ours.setRemoteDescription(description)
    if (type === 'offer') await this.#describe()
  }

  async #add({ candidate, sdpMid }: { candidate: string; sdpMid: string }): Promise<void> {
    this.candidates.they.push(candidate)
    await this.ours.addIceCandidate({ candidate, sdpMid })
  }

  async #describe(): Promise<void> {
    // Taken from what createOffer or createAnswer says, which has no candidates.
    const made =
      this.ours.signalingState === 'stable' ? await this.ours.createOffer() : await this.ours.createAnswer()
    await this.ours.setLocalDescription(made)
    const sdp = this.#forged === 'we' ? forge(made.sdp ?? '') : (made.sdp ?? '')
    const description = { type: made.type as Description['type'], sdp }
    this.descriptions.push(description)
    this.foreign.tell({ do: 'description', ...description })
  }
}

/** The next event of a kind; a failure if it does not come. */
export async function next<E = Event>(target: EventTarget, type: string): Promise<E> {
  const [event] = (await once(target, type, { signal: AbortSignal.timeout(PATIENCE) })) as [E]
  return event
}

async function isOpen(channel: RTCDataChannel): Promise<void> {
  if (channel.readyState === 'connecting') await next(channel, 'open')
  if (channel.readyState !== 'open') throw new Error(`${channel.label} is ${channel.readyState}`)
}

/** A description whose fingerprint is of another certificate. */
function forge(sdp: string): string {
  return sdp.replace(/(a=fingerprint:\S+ )(..)/g, (_, start: string, byte: string) =>
    start.concat(byte === '00' ? '01' : '00'),
  )
}
