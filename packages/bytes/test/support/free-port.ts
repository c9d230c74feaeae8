import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that systems give to whoever asks for any port (Linux: from 32,768), and above those of services. */
const first = 10_000
const last = 30_000
let next = first + Math.floor(Math.random() * (last - first))

/**
 * A port of loopback that is free in UDP and TCP, for programs that cannot take just any, or that are started again on
 * the one they had. It is none that another socket happens to be given before the program has it, and none twice.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next
    next = port + 1 < last ? port + 1 : first
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const udp = createSocket('udp4')
  const tcp = createServer()
  const both = [once(udp, 'listening'), once(tcp, 'listening')]
  udp.bind(port, '127.0.0.1')
  tcp.listen(port, '127.0.0.1')
  const outcomes = await Promise.allSettled(both)
  await Promise.all([
    new Promise<void>((resolve) => void udp.close(() => resolve())),
    new Promise<void>((resolve) => void tcp.close(() => resolve())),
  ])
  return outcomes.every(({ status }) => status === 'fulfilled')
}
