import { PeerMisbehaved } from '../errors.ts'
import type { Extensions } from '../extensions/extensions.ts'

/**
 * RFC 8446 §4.2: an answer holds nothing that was not asked for, and no extension stands where it has no place.
 * `offered` are the types that we sent, `allowed` those that may stand in this message.
 */
export function checkAnswered(
  extensions: Extensions,
  offered: ReadonlySet<number>,
  allowed: ReadonlySet<number>,
): void {
  for (const type of extensions.types) {
    if (!offered.has(type))
      throw new PeerMisbehaved('unsolicited-extension', `extension ${type} was not offered`)
    if (!allowed.has(type))
      throw new PeerMisbehaved('illegal-parameter', `extension ${type} has no place in this message`)
  }
}
