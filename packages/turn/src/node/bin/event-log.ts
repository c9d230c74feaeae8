import { formatAddress } from '@purertc/stun'

import type { AllocationInfo } from '../../server/allocation.ts'
import type { NodeTurnServer } from '../server.ts'

/**
 * Writes a line of JSON for each allocation that begins or ends, and for each error. What a line tells of a user is the
 * name and the addresses; never a password, a secret or what is relayed.
 */
export function logEvents(server: NodeTurnServer, write: (line: string) => void, clock: () => Date): void {
  const log = (event: string, fields: object): void =>
    write(`${JSON.stringify({ time: clock().toISOString(), event, ...fields })}\n`)
  server.on('allocationCreated', (allocation) => log('allocated', placeOf(allocation)))
  server.on('allocationDeleted', (allocation, reason) => {
    const { toPeers, toClient } = allocation
    log('deallocated', { ...placeOf(allocation), reason, toPeers, toClient })
  })
  server.on('error', (error) => log('error', { message: error.message }))
}

function placeOf({ username, client, transport, relayed, additional }: AllocationInfo): object {
  return {
    user: username,
    client: formatAddress(client),
    transport,
    relayed: [relayed, ...(additional === null ? [] : [additional.relayed])].map(formatAddress),
  }
}
