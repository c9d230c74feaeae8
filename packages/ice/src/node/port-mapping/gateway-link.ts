import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/**
 * Requests from one address of this machine to a gateway, and its answers. The socket hears the gateway alone, and does not
 * keep the process alive.
 */
export class GatewayLink {
  readonly #socket: Socket
  #isClosed = false
  #received: (bytes: Uint8Array) => void = () => undefined
  /** One request at a time: answers of NAT-PMP do not say what they answer. */
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.unref()
    // Port unreachable: no gateway here. The request finds out by the silence.
    socket.on('error', () => undefined)
    socket.on('message', (bytes) => this.#received(bytes))
  }

  /** Rejects with the system's error where the address cannot be bound. */
  static async open(local: string, gateway: string, port: number): Promise<GatewayLink> {
    const socket = createSocket({ type: local.includes(':') ? 'udp6' : 'udp4' })
    try {
      socket.bind({ address: local, port: 0 })
      await once(socket, 'listening')
      socket.connect(port, gateway)
      await once(socket, 'connect')
    } catch (error) {
      socket.close()
      throw error
    }
    return new GatewayLink(socket)
  }

  /** What `read` makes of the first answer that it takes; null where none comes in time. */
  request<T>(bytes: Uint8Array, read: (answer: Uint8Array) => T | null): Promise<T | null> {
    const result = this.#tail.then(() => this.#exchange(bytes, read))
    this.#tail = result
    return result
  }

  /** Sends what needs no answer; nothing once closed. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) return
    await new Promise<void>((resolve) => this.#socket.send(bytes, () => resolve()))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close()
  }

  async #exchange<T>(bytes: Uint8Array, read: (answer: Uint8Array) => T | null): Promise<T | null> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<T | null>((resolve) => {
        this.#received = (answer) => {
          const value = read(answer)
          if (value !== null) resolve(value)
        }
        const attempt = (n: number): void => {
          const wait = WAITS[n]
          if (wait === undefined) resolve(null)
          else {
            void this.send(bytes)
            timer = setTimeout(() => attempt(n + 1), wait).unref()
          }
        }
        attempt(0)
      })
    } finally {
      clearTimeout(timer)
      this.#received = () => undefined
    }
  }
}

/** RFC 6886 §3.1 begins with 250 ms and doubles, for a minute; nobody waits that long for a candidate. */
const WAITS = [250, 500]
