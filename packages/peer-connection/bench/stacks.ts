/** The stacks under test behind one small interface, so that all of them run the same measurements. */

export const stackNames = ['purertc', 'node-datachannel', 'wrtc', 'werift'] as const
export type StackName = (typeof stackNames)[number]

/** What a measurement asks of a connection. */
export interface ConnectOptions {
  /** Bytes of the largest datagram, for stacks that would use larger ones; null for what a stack likes. */
  readonly packetSize: number | null
  /** And ordered, or neither. */
  readonly isReliable: boolean
  /** Of a stack that takes a certificate which was made before: whether a connection makes one of its own nevertheless. */
  readonly makesCertificate: boolean
}

/** An open data channel. */
export interface BenchChannel {
  send(data: Uint8Array): void
  bufferedAmount(): number
  /** Called when `bufferedAmount` has fallen to `threshold`. */
  onLow(threshold: number, listener: () => void): void
  onMessage(listener: (data: Uint8Array) => void): void
  close(): void
}

/** The other process, for descriptions and candidates. */
export interface Signal {
  send(message: unknown): void
  onMessage(listener: (message: never) => void): void
}

export interface Stack {
  /** Resolves when the channel is open at this end. */
  connect(isOfferer: boolean, signal: Signal, options?: ConnectOptions): Promise<BenchChannel>
}

export async function loadStack(name: StackName): Promise<Stack> {
  switch (name) {
    case 'purertc': {
      const { RTCPeerConnection } = await import('@purertc/peer-connection')
      const certificate = await RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' })
      return w3cStack(({ packetSize, makesCertificate }) => {
        const mtu = packetSize === null ? {} : { mtu: packetSize }
        const network = { addresses: ['127.0.0.1'], ...mtu }
        return new RTCPeerConnection(
          makesCertificate ? { network } : { network, certificates: [certificate] },
        )
      })
    }
    case 'wrtc': {
      const { default: wrtc } = (await import('@roamhq/wrtc')) as unknown as WrtcModule
      return w3cStack(() => new wrtc.RTCPeerConnection())
    }
    case 'werift': {
      const { RTCPeerConnection } = await import('werift')
      const options = { iceServers: [], iceAdditionalHostAddresses: ['127.0.0.1'] }
      return w3cStack(() => new RTCPeerConnection(options))
    }
    case 'node-datachannel':
      return libdatachannelStack()
  }
}

/** The part of the W3C's API that all of them have in common. */
interface W3cConnection {
  onicecandidate: unknown
  ondatachannel: unknown
  createDataChannel(label: string, init: object): unknown
  createOffer(): Promise<unknown>
  createAnswer(): Promise<unknown>
  setLocalDescription(description: never): Promise<unknown>
  setRemoteDescription(description: never): Promise<unknown>
  addIceCandidate(candidate: never): Promise<unknown>
  close(): unknown
}

/** Its own types need the DOM's. */
interface WrtcModule {
  readonly default: { readonly RTCPeerConnection: new () => W3cConnection }
}

interface W3cChannel {
  binaryType: string
  readonly readyState: string
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  onopen: (() => void) | null
  onmessage: ((event: { data: ArrayBuffer | Buffer }) => void) | null
  onbufferedamountlow: (() => void) | null
  send(data: Uint8Array): void
}

interface W3cMessage {
  readonly description?: never
  readonly candidate?: never
}

function w3cStack(create: (options: ConnectOptions) => W3cConnection): Stack {
  return {
    async connect(isOfferer, signal, options = ordinary) {
      const connection = create(options)
      const describe = async (description: unknown): Promise<void> => {
        await connection.setLocalDescription(description as never)
        signal.send({ description: plain(description) })
      }
      connection.onicecandidate = ({ candidate }: { candidate?: { candidate: string } | null }) => {
        if (candidate?.candidate) signal.send({ candidate: plain(candidate) })
      }
      // Candidates wait for the description that they belong to.
      let tail = Promise.resolve()
      signal.onMessage(({ description, candidate }: W3cMessage) => {
        tail = tail.then(async () => {
          if (candidate !== undefined) await connection.addIceCandidate(candidate)
          if (description === undefined) return
          await connection.setRemoteDescription(description)
          if (!isOfferer) await describe(await connection.createAnswer())
        })
      })
      const channel = await new Promise<W3cChannel>((resolve) => {
        if (!isOfferer) connection.ondatachannel = (event: { channel: W3cChannel }) => resolve(event.channel)
        else {
          resolve(
            connection.createDataChannel(
              'bench',
              options.isReliable ? {} : { ordered: false, maxRetransmits: 0 },
            ) as W3cChannel,
          )
          void connection.createOffer().then(describe)
        }
      })
      channel.binaryType = 'arraybuffer'
      const early: Uint8Array[] = []
      channel.onmessage = ({ data }) => early.push(new Uint8Array(data))
      if (channel.readyState !== 'open') await new Promise<void>((resolve) => (channel.onopen = resolve))
      return {
        send: (data) => channel.send(data),
        bufferedAmount: () => channel.bufferedAmount,
        onLow: (threshold, listener) => {
          channel.bufferedAmountLowThreshold = threshold
          channel.onbufferedamountlow = listener
        },
        onMessage: (listener) => {
          channel.onmessage = ({ data }) => listener(new Uint8Array(data))
          for (const data of early.splice(0)) listener(data)
        },
        close: () => void connection.close(),
      }
    },
  }
}

async function libdatachannelStack(): Promise<Stack> {
  const { PeerConnection } = await import('node-datachannel')
  type Channel = ReturnType<InstanceType<typeof PeerConnection>['createDataChannel']>
  return {
    async connect(isOfferer, signal, { isReliable } = ordinary) {
      const connection = new PeerConnection('bench', { iceServers: [], bindAddress: '127.0.0.1' })
      // Its threads take their time: they may tell of a candidate before they tell of the description, and take a
      // description without being ready for its candidates.
      const addCandidate = (candidate: string, mid: string): void => {
        try {
          connection.addRemoteCandidate(candidate, mid)
        } catch {
          setTimeout(addCandidate, 1, candidate, mid)
        }
      }
      const early: LibdatachannelSignal[] = []
      const late: LibdatachannelSignal[] = []
      let isDescribed = false
      const tell = (message: LibdatachannelSignal): void => {
        // An offerer loses a ClientHello that comes before its own checks are done, and the next one follows in a
        // second: so the answerer, which sends it, has to be found by the offerer's checks.
        if (isOfferer && message.sdp === undefined && !isDescribed) late.push(message)
        else signal.send(message)
      }
      connection.onLocalDescription((sdp, type) => tell({ sdp, type }))
      connection.onLocalCandidate((candidate, mid) => tell({ candidate, mid }))
      signal.onMessage((message: LibdatachannelSignal) => {
        const { sdp, type } = message
        if (sdp === undefined) early.push(message)
        else connection.setRemoteDescription(sdp, type as never)
        isDescribed ||= sdp !== undefined
        if (!isDescribed) return
        for (const { candidate, mid } of early.splice(0))
          if (candidate !== undefined && mid !== undefined) addCandidate(candidate, mid)
        for (const each of late.splice(0)) signal.send(each)
      })
      const channel = await new Promise<Channel>((resolve) => {
        if (isOfferer)
          resolve(
            connection.createDataChannel('bench', isReliable ? {} : { unordered: true, maxRetransmits: 0 }),
          )
        else connection.onDataChannel(resolve)
      })
      const unheard: Uint8Array[] = []
      const asBytes = (data: string | Buffer | ArrayBuffer): Uint8Array =>
        typeof data === 'string' ? Buffer.from(data) : new Uint8Array(data)
      // Set once: what is on its way from the other thread to a listener that is replaced is lost.
      let hear = (data: Uint8Array): void => void unheard.push(data)
      channel.onMessage((data) => hear(asBytes(data)))
      // It opens on another thread, perhaps between the question and the listener.
      await new Promise<void>((resolve) => {
        channel.onOpen(resolve)
        const ask = (): void => {
          if (channel.isOpen()) resolve()
          else setTimeout(ask, 1)
        }
        ask()
      })
      return {
        send: (data) => void channel.sendMessageBinary(data),
        bufferedAmount: () => channel.bufferedAmount(),
        onLow: (threshold, listener) => {
          channel.setBufferedAmountLowThreshold(threshold)
          channel.onBufferedAmountLow(listener)
        },
        onMessage: (listener) => {
          hear = listener
          for (const data of unheard.splice(0)) listener(data)
        },
        close: () => connection.close(),
      }
    },
  }
}

/** A description or a candidate. */
interface LibdatachannelSignal {
  readonly sdp?: string
  readonly type?: string
  readonly candidate?: string
  readonly mid?: string
}

const ordinary: ConnectOptions = { packetSize: null, isReliable: true, makesCertificate: false }

/** What may cross a process boundary: some stacks hand out class instances. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
