import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Whether an error says that a port is taken or may not be had: another port may then do. */
function isPortTaken(error: unknown): boolean {
  const code = (error as Partial<NodeJS.ErrnoException> | null)?.code
  return code === 'EADDRINUSE' || code === 'EACCES'
}

/** Tries the wanted port, and where it is taken, one that the system picks. */
export async function onFreePort<T>(port: number, open: (port: number) => Promise<T>): Promise<T> {
  try {
    return await open(port)
  } catch (error) {
    if (port === 0 || !isPortTaken(error)) throw error
    return await open(0)
  }
}

/** Resolves with the port once the server listens. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
