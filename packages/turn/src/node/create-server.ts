import { listenAddresses, type NodeTurnServerOptions } from './options.ts'
import { NodeTurnServer } from './server.ts'

/**
 * Starts a TURN server, which answers Binding requests too. Rejects, with nothing left open, where an address cannot be
 * bound (the system's error) or an option is wrong (`TurnError` `invalid-config`).
 *
 * @example
 * const server = await createTurnServer({
 *   listen: [{ address: '198.51.100.1', port: 3478 }],
 *   realm: 'example.org',
 *   authenticate: { ann: 'secret' },
 * })
 * await server.close()
 */
export async function createTurnServer(options: NodeTurnServerOptions): Promise<NodeTurnServer> {
  const server = new NodeTurnServer(options)
  try {
    for (const address of listenAddresses(options)) await server.listen(address)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
