import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Hands bytes on between clients and a port of this machine, until it is told not to. */
export class Proxy {
  readonly #server: Server
  readonly #links: Set<readonly [Socket, Socket]> = new Set()

  /** The port that connections go to from now on. */
  target: number

  private constructor(port: number) {
    this.target = port
    this.#server = createServer((client) => {
      const target = connect(this.target, '127.0.0.1')
      const link = [client, target] as const
      this.#links.add(link)
      for (const [from, to] of [link, [target, client] as const]) {
        from.on('data', (data) => void to.write(data))
        from.on('error', () => {})
        from.on('close', () => {
          to.destroy()
          this.#links.delete(link)
        })
      }
    })
  }

  static async start(port: number): Promise<Proxy> {
    const proxy = new Proxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/`
  }

  get redisUrl(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Cuts a share of the connections; half of what was read last is handed on before. */
  cut(share = 1): void {
    for (const [client, target] of [...this.#links].filter(() => Math.random() < share)) {
      target.removeAllListeners('data')
      client.removeAllListeners('data')
      client.once('data', (data) => {
        target.write(data.subarray(0, data.length >> 1), () => client.destroy())
      })
      target.once('data', (data) => {
        client.write(data.subarray(0, data.length >> 1), () => target.destroy())
      })
      setTimeout(() => client.destroy(), 50)
    }
  }

  /** Every third connection carries nothing any more, and neither end is told. */
  freeze(): void {
    for (const [client, target] of [...this.#links].filter((_, at) => at % 3 === 0)) {
      client.removeAllListeners('data').resume()
      target.removeAllListeners('data').resume()
      client.removeAllListeners('close')
      target.removeAllListeners('close')
    }
  }

  async close(): Promise<void> {
    for (const [client, target] of this.#links) {
      client.destroy()
      target.destroy()
    }
    this.#server.close()
    await once(this.#server, 'close')
  }
}
