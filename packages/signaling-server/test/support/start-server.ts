import { afterEach } from '@jest/globals'

import { createSignalingServer, type SignalingServer, type SignalingServerOptions } from '../../src/index.ts'

/** Starts servers on ports of their own for the tests of a file, each of which ends with those closed that it started. */
export function serverStarter(): (options?: SignalingServerOptions) => Promise<SignalingServer> {
  const open: SignalingServer[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()))
  })
  return async (options = {}) => {
    const server = await createSignalingServer({ port: 0, host: '127.0.0.1', ...options })
    open.push(server)
    return server
  }
}
