import { IceError, parseServerUrl } from '@purertc/ice'

import { invalidAccess, syntaxError } from '../errors.ts'

/** WebRTC §4.2.4: one or more URLs of STUN and TURN servers, with the credentials of the latter. */
export interface RTCIceServer {
  readonly urls: string | readonly string[]
  readonly username?: string
  readonly credential?: string
}

/**
 * WebRTC §4.4.1.6: throws a SyntaxError for what is no STUN or TURN URL, an InvalidAccessError for a TURN server
 * without credentials, and a TypeError for what is no list of servers with URLs.
 */
export function checkIceServers(servers: readonly RTCIceServer[]): void {
  if (!Array.isArray(servers)) throw new TypeError('iceServers is no list')
  for (const { urls, username, credential } of servers as readonly RTCIceServer[]) {
    const list = [urls].flat()
    if (list.some((url) => typeof url !== 'string')) throw new TypeError('an ICE server needs urls')
    if (list.length === 0) throw syntaxError('an ICE server has no URL')
    for (const url of list)
      if (kindOf(url) === 'turn' && (username === undefined || credential === undefined))
        throw invalidAccess(`${url} needs a username and a credential`)
  }
}

function kindOf(url: string): 'stun' | 'turn' {
  try {
    return parseServerUrl(url).kind
  } catch (error) {
    if (error instanceof IceError) throw syntaxError(error.message)
    throw error
  }
}
