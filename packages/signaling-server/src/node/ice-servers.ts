import type { IncomingMessage } from 'node:http'

import type { IceServer } from '@purertc/signaling-protocol'

import type { ExpiringIceServers, SignalingServerOptions } from './options.ts'
import { createTurnCredentials, type TurnCredentialsOptions } from './turn-credentials.ts'

/** The ICE servers for who sent this request; without credentials that expire their lifetime is endless. */
export async function iceServersFor(
  request: IncomingMessage,
  { iceServers = [] }: Pick<SignalingServerOptions, 'iceServers'>,
): Promise<ExpiringIceServers> {
  const given = typeof iceServers === 'function' ? await iceServers(request) : iceServers
  return 'iceServers' in given ? given : { iceServers: given, lifetime: Infinity }
}

/**
 * For the option `iceServers`: STUN servers as they are, and TURN servers with credentials that hold for `lifetime`
 * seconds (3,600 by default) and are made anew before they expire.
 *
 * @example
 * iceServers: expiringIceServers({ secret, stun: ['stun:stun.example'], turn: ['turn:turn.example'] })
 */
export function expiringIceServers({
  stun = [],
  turn,
  lifetime = 3_600,
  userOf,
  ...credentials
}: Omit<TurnCredentialsOptions, 'user' | 'now'> & {
  readonly stun?: readonly string[]
  readonly turn: readonly string[]
  /** Who asks; shows in the TURN server's log. */
  readonly userOf?: (request: IncomingMessage) => string | undefined
}): (request: IncomingMessage) => ExpiringIceServers {
  return (request) => {
    const user = userOf?.(request)
    const made = createTurnCredentials({ ...credentials, lifetime, ...(user !== undefined && { user }) })
    const servers: IceServer[] = stun.length === 0 ? [] : [{ urls: [...stun] }]
    return { iceServers: [...servers, { urls: [...turn], ...made }], lifetime }
  }
}

/** JSON has no endless time. */
export function finite(lifetime: number): number | undefined {
  return lifetime === Infinity ? undefined : lifetime
}
