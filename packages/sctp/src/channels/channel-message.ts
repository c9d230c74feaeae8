import type { Millis } from '@purertc/bytes'

import type { SctpAssociation } from '../association/association.ts'
import type { MessageWriter } from '../association/message-writer.ts'
import type { Channel } from './data-channel.ts'
import { ProtocolId } from './protocol-id.ts'

/** Begins a message of the channel that is sent while it is written. `called` is told the time of each call. */
export function openChannelMessage(
  association: SctpAssociation,
  now: Millis,
  channel: Channel,
  isText: boolean,
  called: (now: Millis) => void,
): MessageWriter {
  const protocol = isText ? ProtocolId.text : ProtocolId.binary
  const empty = isText ? ProtocolId.emptyText : ProtocolId.emptyBinary
  const writer = association.openMessage(now, channel.id, protocol, channel.sendOptions)
  return {
    write: (at, bytes) => {
      called(at)
      writer.write(at, bytes)
    },
    end: (at) => {
      called(at)
      writer.end(at, empty)
    },
    abort: (at) => {
      called(at)
      writer.abort(at)
    },
  }
}
