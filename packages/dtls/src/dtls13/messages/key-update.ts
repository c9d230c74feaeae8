import { Reader } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'

/** KeyUpdate, RFC 8446 §4.6.3: whether the peer is to change its keys as well. */
export function decodeKeyUpdate(body: Uint8Array): boolean {
  const reader = new Reader(body)
  const request = reader.u8()
  reader.done()
  if (request > updateRequested) throw new PeerMisbehaved('illegal-parameter', `request_update ${request}`)
  return request === updateRequested
}

export const encodeKeyUpdate = (requested: boolean): Uint8Array =>
  Uint8Array.of(requested ? updateRequested : 0)

const updateRequested = 1
